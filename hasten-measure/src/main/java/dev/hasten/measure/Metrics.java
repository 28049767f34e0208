package dev.hasten.measure;

import dev.hasten.runtime.BadInputException;
import java.util.List;

/** The metrics that are known. */
public final class Metrics {
  private Metrics() {}

  /** Every metric that ships with Hasten, agreement first; parametric ones with their default. */
  public static List<Metric> all() {
    throw new UnsupportedOperationException();
  }

  /**
   * The metric of that name: a shipped one ({@code overlap@5} and {@code top-3} carry their own
   * number), one registered as a service, or a class by its full name.
   *
   * @throws BadInputException if there is none, listing the known ones
   */
  public static Metric byName(String name) {
    throw new UnsupportedOperationException();
  }

  /**
   * The metric to use when the user named none.
   *
   * @param kind what the model's output is
   * @param width numbers per row
   * @param labels whether the examples carry labels
   */
  public static Metric suggest(OutputKind kind, int width, boolean labels) {
    throw new UnsupportedOperationException();
  }

  /**
   * What the outputs look like, for {@link #suggest}: rows of unit length are embeddings, rows that
   * sum to one are scores.
   */
  public static OutputKind guessKind(List<float[]> rows) {
    throw new UnsupportedOperationException();
  }

  /**
   * Compares a candidate with the original.
   *
   * @throws BadInputException if the metric needs labels that are missing or can't score this kind
   *     of output
   */
  public static Comparison compare(Metric metric, Sample sample) {
    throw new UnsupportedOperationException();
  }
}
