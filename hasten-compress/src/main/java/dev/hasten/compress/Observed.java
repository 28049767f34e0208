package dev.hasten.compress;

import dev.hasten.runtime.NdArray;
import java.util.Optional;

/**
 * What calibration has seen of one activation: a histogram and a few numbers, whatever the amount
 * of data. Batches may differ in shape.
 */
final class Observed {
  /** From here on the average forgets: Jacob et al. 2018 smooth over hundreds of steps too. */
  private static final int AVERAGED = 100;

  /** A largest value this many times the 99.99th percentile is an outlier. */
  private static final double FAR = 4;

  private final Histogram histogram = new Histogram();
  private double averageLow;
  private double averageHigh;
  private long batches;

  void add(NdArray batch) {
    add(batch.toFloats());
  }

  void add(float[] batch) {
    if (batch.length == 0) {
      return;
    }
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (float x : batch) {
      low = Math.min(low, x);
      high = Math.max(high, x);
    }
    histogram.add(batch);
    batches++;
    double weight = 1.0 / Math.min(batches, AVERAGED);
    averageLow += weight * (low - averageLow);
    averageHigh += weight * (high - averageHigh);
  }

  Histogram histogram() {
    return histogram;
  }

  /**
   * The mean of the batches' smallest values; after the hundredth batch an exponential average:
   * {@code average += (low - average) / 100}.
   */
  double averageLow() {
    return averageLow;
  }

  /** The same of the largest values. */
  double averageHigh() {
    return averageHigh;
  }

  /** Says so if a few values lie far beyond the others. */
  Optional<String> outliers() {
    if (histogram.total() == 0) {
      return Optional.empty();
    }
    double largest = Math.max(-histogram.min(), histogram.max());
    double usual = histogram.magnitudeQuantile(0.9999);
    return largest > FAR * usual && usual > 0
        ? Optional.of(
            "outliers: the largest, %.4g, is %.1f times the 99.99th percentile, %.4g"
                .formatted(largest, largest / usual, usual))
        : Optional.empty();
  }
}
