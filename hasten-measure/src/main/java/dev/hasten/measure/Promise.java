package dev.hasten.measure;

/**
 * "Quality is at most {@code maxDrop} below the original's, with this confidence."
 *
 * @param maxDrop the largest drop allowed, in the metric's own unit (0.01 = one point of accuracy)
 * @param confidence of each one-sided bound, for example 0.95
 */
public record Promise(double maxDrop, double confidence) {
  public Promise {
    if (!(maxDrop >= 0)) {
      throw new IllegalArgumentException("maxDrop: " + maxDrop + " (expected: >= 0)");
    }
    if (!(confidence > 0.5 && confidence < 1)) {
      throw new IllegalArgumentException(
          "confidence: " + confidence + " (expected: 0.5 < confidence < 1)");
    }
  }

  /** With 95 % confidence. */
  public static Promise of(double maxDrop) {
    return new Promise(maxDrop, 0.95);
  }

  /**
   * Tests the promise on a comparison over {@link Split#TEST}. The same seed gives the same
   * verdict.
   */
  public Verdict test(Comparison comparison, long seed) {
    throw new UnsupportedOperationException();
  }
}
