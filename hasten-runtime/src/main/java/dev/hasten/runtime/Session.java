package dev.hasten.runtime;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * An open model. Thread-safe: any number of threads may run it at once, and {@link #close} may come
 * at any moment.
 */
public interface Session extends AutoCloseable {
  /** For messages: the file's name. */
  String name();

  List<TensorInfo> inputs();

  List<TensorInfo> outputs();

  /**
   * Runs the model. Entries that the model does not declare are left out: a pipeline may offer
   * {@code token_type_ids} to a model that has none.
   *
   * @return every output by name, in the model's order
   * @throws BadInputException if an input is missing or of another type or rank than declared
   * @throws IllegalStateException if the session is closed
   */
  Map<String, NdArray> run(Map<String, NdArray> inputs);

  /**
   * The same, stoppable.
   *
   * @throws java.util.concurrent.CancellationException if cancelled before the end
   * @throws RunTimeoutException if the limit passed before the end
   */
  Map<String, NdArray> run(Map<String, NdArray> inputs, Cancellation cancellation);

  /**
   * Prepares repeated runs on buffers that stay: no allocation per call.
   *
   * @param inputShapes the shape of each input of the model
   * @param outputShapes the outputs wanted, each with its shape: the backend writes into a buffer
   *     allocated once
   */
  BoundRun bind(Map<String, List<Long>> inputShapes, Map<String, List<Long>> outputShapes);

  /**
   * Ends profiling and writes its file.
   *
   * @throws IllegalStateException if not opened with {@link SessionOptions#profileTo}
   */
  Path endProfiling();

  /**
   * Refuses new runs, waits for those in flight, frees native memory. A second call does nothing.
   */
  @Override
  void close();
}
