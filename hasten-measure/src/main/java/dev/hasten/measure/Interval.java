package dev.hasten.measure;

import java.util.Locale;

/**
 * An estimate with its confidence interval.
 *
 * @param estimate the point estimate
 * @param low lower end of the interval
 * @param high upper end of the interval
 * @param confidence share of such intervals that hold the truth, for example 0.95
 */
public record Interval(double estimate, double low, double high, double confidence) {
  public Interval {
    if (!(confidence > 0 && confidence < 1)) {
      throw new IllegalArgumentException(
          "confidence: " + confidence + " (expected: 0 < confidence < 1)");
    }
    if (low > high) {
      throw new IllegalArgumentException("low: " + low + " (expected: <= high " + high + ")");
    }
  }

  /** An interval of no width: a value that is known, not estimated. */
  public static Interval exact(double value) {
    return new Interval(value, value, value, 0.95);
  }

  /** Whether {@code value} lies within, ends included. */
  public boolean contains(double value) {
    return low <= value && value <= high;
  }

  /** Whether this interval and {@code other} share a value. */
  public boolean overlaps(Interval other) {
    return low <= other.high && other.low <= high;
  }

  /** Half of the width. */
  public double halfWidth() {
    return (high - low) / 2;
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT, "%.4g [%.4g, %.4g] (%.0f %%)", estimate, low, high, confidence * 100);
  }
}
