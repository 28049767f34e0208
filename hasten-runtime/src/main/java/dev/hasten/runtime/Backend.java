package dev.hasten.runtime;

import java.nio.file.Path;
import java.util.List;

/** What executes a model. Thread-safe. */
public interface Backend {
  /** Short and stable, for files and options: {@code cpu}, {@code openvino}. */
  String name();

  /** Version of the runtime, {@code 1.29.0}; empty where it is not available. */
  String version();

  Availability availability();

  /**
   * Opens a model file (and the external data beside it).
   *
   * @throws BadInputException if the file is not a model that this backend takes
   * @throws EnvironmentException if the backend is not available here
   */
  Session open(Path model, SessionOptions options);

  /**
   * Opens a model held in memory.
   *
   * @param name for messages
   */
  Session open(byte[] model, String name, SessionOptions options);

  /** ONNX Runtime's CPU provider. */
  static Backend cpu() {
    return CpuBackend.INSTANCE;
  }

  /** Every backend that Hasten knows, the ones that are missing here included. */
  static List<Backend> all() {
    return KnownBackends.all();
  }
}
