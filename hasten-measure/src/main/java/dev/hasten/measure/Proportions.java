package dev.hasten.measure;

import java.util.function.DoubleUnaryOperator;
import org.apache.commons.statistics.distribution.BetaDistribution;
import org.apache.commons.statistics.distribution.NormalDistribution;

/**
 * Intervals for outcomes that are right or wrong. They keep their width where all outcomes are
 * alike, where a resampled interval would shrink to nothing.
 */
final class Proportions {
  private static final double TINY = 1e-12;

  private Proportions() {}

  /** Exact interval of a proportion (Clopper, Pearson 1934): coverage is never below nominal. */
  static Interval of(long hits, long n, double confidence) {
    double tail = (1 - confidence) / 2;
    double low =
        hits == 0
            ? 0
            : BetaDistribution.of(hits, n - hits + 1.0).inverseCumulativeProbability(tail);
    double high =
        hits == n ? 1 : BetaDistribution.of(hits + 1.0, n - hits).inverseSurvivalProbability(tail);
    return new Interval(hits / (double) n, low, high, confidence);
  }

  /**
   * Score interval of the difference of two paired proportions (Tango 1998), the inversion of
   * McNemar's test.
   *
   * @param lost examples that only the first has right
   * @param won examples that only the second has right
   * @param n all examples
   * @return interval of {@code (lost - won) / n}
   */
  static Interval paired(long lost, long won, long n, double confidence) {
    double z = NormalDistribution.of(0, 1).inverseCumulativeProbability((1 + confidence) / 2);
    double estimate = (lost - won) / (double) n;
    DoubleUnaryOperator score = delta -> score(lost, won, n, delta);
    // The score falls as the difference grows: it is +z at the lower bound and -z at the upper.
    double low = bisect(score, z, -1 + TINY, estimate);
    double high = bisect(score, -z, estimate, 1 - TINY);
    return new Interval(estimate, low, high, confidence);
  }

  private static double score(long lost, long won, long n, double delta) {
    double a = 2.0 * n;
    double b = -lost - won + (2.0 * n - lost + won) * delta;
    double c = -won * delta * (1 - delta);
    double q = (Math.sqrt(Math.max(0, b * b - 4 * a * c)) - b) / (2 * a);
    double variance = n * (2 * q + delta * (1 - delta));
    double difference = lost - won - n * delta;
    return variance <= 0
        ? Math.signum(difference) * Double.MAX_VALUE
        : difference / Math.sqrt(variance);
  }

  private static double bisect(DoubleUnaryOperator falling, double target, double from, double to) {
    double low = from;
    double high = to;
    for (int i = 0; i < 100; i++) {
      double middle = (low + high) / 2;
      if (falling.applyAsDouble(middle) > target) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return (low + high) / 2;
  }
}
