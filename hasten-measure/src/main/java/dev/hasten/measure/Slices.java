package dev.hasten.measure;

import java.util.List;

/** Quality per slice of the data. */
public final class Slices {
  /** Slices of fewer examples say too little to be named. */
  public static final int MIN_EXAMPLES = 20;

  private Slices() {}

  /**
   * Every slice of at least {@link #MIN_EXAMPLES}, worst first.
   *
   * @param comparison over the examples
   * @param examples the same examples in the same order
   * @param confidence of all intervals together
   */
  public static List<SliceDrop> of(
      Comparison comparison, List<LabeledExample> examples, double confidence, long seed) {
    throw new UnsupportedOperationException();
  }
}
