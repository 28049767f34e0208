package dev.hasten.runtime;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A loaded bundle, ready to answer. Thread-safe; {@link #close} may come at any moment.
 *
 * <pre>{@code
 * try (Predictor predictor = Predictor.open(Path.of("bundle"))) {
 *   float[] vector = predictor.predict(Example.text("a large feline")).embedding();
 * }
 * }</pre>
 */
public final class Predictor implements AutoCloseable {
  private Predictor() {}

  public static Predictor open(Path bundle) {
    return open(bundle, PredictorOptions.defaults());
  }

  public static Predictor open(Path bundle, PredictorOptions options) {
    throw new UnsupportedOperationException();
  }

  /** Answers in the caller's thread. */
  public Prediction predict(Example example) {
    return predict(List.of(example)).getFirst();
  }

  /** Answers in the order of the examples; lengths may differ. */
  public List<Prediction> predict(List<? extends Example> examples) {
    throw new UnsupportedOperationException();
  }

  public List<Prediction> predict(List<? extends Example> examples, Cancellation cancellation) {
    throw new UnsupportedOperationException();
  }

  /** Answers in a thread of this predictor. Cancelling the future stops the run. */
  public CompletableFuture<Prediction> predictAsync(Example example) {
    throw new UnsupportedOperationException();
  }

  public CompletableFuture<List<Prediction>> predictAsync(List<? extends Example> examples) {
    throw new UnsupportedOperationException();
  }

  /** The session below, for raw tensors: {@link Session#run} and {@link Session#bind}. */
  public Session session() {
    throw new UnsupportedOperationException();
  }

  public Bundle bundle() {
    throw new UnsupportedOperationException();
  }

  /** What may make this predictor slower here than its bundle promises. */
  public List<String> warnings() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}
