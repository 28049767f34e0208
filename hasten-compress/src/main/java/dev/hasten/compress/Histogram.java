package dev.hasten.compress;

import java.util.Arrays;

/**
 * Counts numbers in a fixed number of equal bins around zero. A number outside doubles the width of
 * all bins by merging neighbours, so nothing has to be known beforehand and nothing is counted
 * twice or lost.
 */
final class Histogram {
  static final int BINS = 4096;
  private static final double NARROWEST = 0x1p-40;

  private final long[] counts = new long[BINS];
  private double width = NARROWEST;
  private long total;
  private float min = Float.POSITIVE_INFINITY;
  private float max = Float.NEGATIVE_INFINITY;
  private float odd; // the first NaN or infinity seen
  private boolean anyOdd;

  void add(float[] numbers) {
    for (float x : numbers) {
      if (!Float.isFinite(x)) {
        odd = anyOdd ? odd : x;
        anyOdd = true;
        continue;
      }
      min = Math.min(min, x);
      max = Math.max(max, x);
      while (Math.abs((double) x) >= width * (BINS / 2)) {
        widen();
      }
      counts[BINS / 2 + (int) Math.floor(x / width)]++;
      total++;
    }
  }

  private void widen() {
    long[] old = counts.clone();
    Arrays.fill(counts, 0);
    for (int i = 0; i < BINS; i++) {
      counts[BINS / 2 + Math.floorDiv(i - BINS / 2, 2)] += old[i];
    }
    width *= 2;
  }

  boolean isFinite() {
    return !anyOdd;
  }

  /** The first NaN or infinity. */
  float firstOdd() {
    return odd;
  }

  long total() {
    return total;
  }

  float min() {
    return min;
  }

  float max() {
    return max;
  }

  double binWidth() {
    return width;
  }

  /** How many numbers lie in a bin. */
  long count(int bin) {
    return counts[bin];
  }

  /** The middle of a bin. */
  double middle(int bin) {
    return (bin + 0.5 - BINS / 2) * width;
  }

  /**
   * The histogram of magnitudes: bin i counts {@code i·width ≤ |x| < (i + 1)·width}, up to that of
   * the largest.
   */
  long[] magnitudes() {
    long[] folded = new long[BINS / 2];
    int used = 0;
    for (int i = 0; i < BINS / 2; i++) {
      folded[i] = counts[BINS / 2 + i] + counts[BINS / 2 - 1 - i];
      used = folded[i] > 0 ? i + 1 : used;
    }
    return Arrays.copyOf(folded, used);
  }

  /**
   * The smallest magnitude that {@code fraction} of all do not exceed, at most one bin too large.
   */
  double magnitudeQuantile(double fraction) {
    long wanted = Math.max(1, (long) Math.ceil(fraction * total));
    long seen = 0;
    long[] folded = magnitudes();
    for (int i = 0; i < folded.length; i++) {
      seen += folded[i];
      if (seen >= wanted) {
        return Math.min((i + 1) * width, Math.max(-min, max));
      }
    }
    return Math.max(-min, max);
  }

  /**
   * The smallest number that {@code fraction} of all do not exceed, at most one bin too large.
   *
   * @param fraction 0 to 1
   */
  float quantile(double fraction) {
    long wanted = Math.max(1, (long) Math.ceil(fraction * total));
    long seen = 0;
    for (int i = 0; i < BINS; i++) {
      seen += counts[i];
      if (seen >= wanted) {
        return (float) Math.max(min, Math.min(max, (i + 1 - BINS / 2) * width));
      }
    }
    return max;
  }
}
