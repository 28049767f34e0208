package dev.hasten.measure;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import org.apache.commons.statistics.descriptive.Median;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.apache.commons.statistics.distribution.TDistribution;

/**
 * Confidence intervals by resampling. Every method is deterministic under its seed.
 *
 * <p>Bounds are bias-corrected and accelerated (Efron 1987) where the acceleration is known in
 * closed form, and their levels are widened for small samples as Student's t is against the normal
 * (Hesterberg 2015).
 */
public final class Bootstrap {
  private static final int MEAN_RESAMPLES = 4_000;
  private static final int MEDIAN_RESAMPLES = 2_000;
  private static final int STATISTIC_RESAMPLES = 1_000;

  /** From here on the mean's distribution is Student's to within what resampling could tell. */
  private static final int LARGE = 10_000;

  private static final NormalDistribution NORMAL = NormalDistribution.of(0, 1);

  private Bootstrap() {}

  /**
   * Interval of the mean.
   *
   * @param confidence two-sided; each bound alone has {@code (1 + confidence) / 2}
   */
  public static Interval mean(double[] values, double confidence, long seed) {
    int n = values.length;
    double mean = Arrays.stream(values).average().orElseThrow();
    double largest = Arrays.stream(values).map(v -> Math.abs(v - mean)).max().orElse(0);
    if (n < 2 || largest == 0) {
      return new Interval(mean, mean, mean, confidence);
    }
    // In units of the largest deviation: powers of the tiniest drops would be 0, and 0 ÷ 0 no
    // number.
    double squares = 0;
    double cubes = 0;
    for (double value : values) {
      double d = (value - mean) / largest;
      squares += d * d;
      cubes += d * d * d;
    }
    if (n >= LARGE) {
      double half =
          TDistribution.of(n - 1.0).inverseCumulativeProbability((1 + confidence) / 2)
              * (largest * Math.sqrt(squares / (n - 1) / n));
      return new Interval(mean, mean - half, mean + half, confidence);
    }
    SplittableRandom random = new SplittableRandom(seed);
    double[] means = new double[MEAN_RESAMPLES];
    for (int b = 0; b < means.length; b++) {
      double sum = 0;
      for (int i = 0; i < n; i++) {
        sum += values[random.nextInt(n)];
      }
      means[b] = sum / n;
    }
    double acceleration = cubes / (6 * Math.pow(squares, 1.5));
    return bounds(means, mean, acceleration, n, confidence);
  }

  /** Interval of the median, by percentiles. */
  public static Interval median(double[] values, double confidence, long seed) {
    int n = values.length;
    Median median = Median.withDefaults().withCopy(false);
    double estimate = Median.withDefaults().withCopy(true).evaluate(values);
    SplittableRandom random = new SplittableRandom(seed);
    double[] medians = new double[MEDIAN_RESAMPLES];
    double[] drawn = new double[n];
    for (int b = 0; b < medians.length; b++) {
      for (int i = 0; i < n; i++) {
        drawn[i] = values[random.nextInt(n)];
      }
      medians[b] = median.evaluate(drawn);
    }
    Arrays.sort(medians);
    double low = quantile(medians, (1 - confidence) / 2);
    double high = quantile(medians, (1 + confidence) / 2);
    return new Interval(estimate, Math.min(low, estimate), Math.max(high, estimate), confidence);
  }

  /**
   * Interval of any statistic of {@code n} examples, bias-corrected.
   *
   * @param statistic of the examples at the given places; resamples for which it is NaN are left
   *     out, and of the statistic of all it makes an interval of NaN
   */
  public static Interval statistic(
      int n, ToDoubleFunction<int[]> statistic, double confidence, long seed) {
    int[] all = new int[n];
    Arrays.setAll(all, i -> i);
    double estimate = statistic.applyAsDouble(all);
    if (n < 2 || Double.isNaN(estimate)) {
      return new Interval(estimate, estimate, estimate, confidence);
    }
    SplittableRandom random = new SplittableRandom(seed);
    double[] values = new double[STATISTIC_RESAMPLES];
    int kept = 0;
    for (int b = 0; b < values.length; b++) {
      int[] drawn = new int[n];
      for (int i = 0; i < n; i++) {
        drawn[i] = random.nextInt(n);
      }
      double value = statistic.applyAsDouble(drawn);
      if (!Double.isNaN(value)) {
        values[kept++] = value;
      }
    }
    return bounds(Arrays.copyOf(values, kept), estimate, 0, n, confidence);
  }

  private static Interval bounds(
      double[] resampled, double estimate, double acceleration, int n, double confidence) {
    Arrays.sort(resampled);
    if (resampled.length == 0 || resampled[0] == resampled[resampled.length - 1]) {
      return new Interval(estimate, estimate, estimate, confidence);
    }
    int below = 0;
    int equal = 0;
    for (double value : resampled) {
      below += value < estimate ? 1 : 0;
      equal += value == estimate ? 1 : 0;
    }
    double share = (below + equal / 2.0) / resampled.length;
    double edge = 0.5 / resampled.length;
    double bias = NORMAL.inverseCumulativeProbability(Math.clamp(share, edge, 1 - edge));
    double t =
        TDistribution.of(Math.max(1, n - 1)).inverseCumulativeProbability((1 + confidence) / 2)
            * Math.sqrt(n / (n - 1.0));
    double low = quantile(resampled, level(bias, acceleration, -t));
    double high = quantile(resampled, level(bias, acceleration, t));
    return new Interval(estimate, Math.min(low, estimate), Math.max(high, estimate), confidence);
  }

  private static double level(double bias, double acceleration, double z) {
    double shifted = bias + z;
    double denominator = 1 - acceleration * shifted;
    // Past the pole the correction has no meaning: the outermost resample is the honest bound.
    if (denominator <= 0) {
      return z < 0 ? 0 : 1;
    }
    return NORMAL.cumulativeProbability(bias + shifted / denominator);
  }

  private static double quantile(double[] sorted, double level) {
    double position = level * (sorted.length - 1);
    int floor = (int) Math.floor(position);
    int above = Math.min(floor + 1, sorted.length - 1);
    return sorted[floor] + (position - floor) * (sorted[above] - sorted[floor]);
  }
}
