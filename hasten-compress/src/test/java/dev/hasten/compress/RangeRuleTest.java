package dev.hasten.compress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RangeRuleTest {
  private static float[] heavyTailed(int count, long seed, boolean positive) {
    Random random = new Random(seed);
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      double x = random.nextGaussian() * (i % 500 == 0 ? 8 : 1);
      numbers[i] = (float) (positive ? Math.abs(x) : x);
    }
    return numbers;
  }

  private static Observed seen(float[] numbers) {
    Observed observed = new Observed();
    for (int from = 0; from < numbers.length; from += 700) { // batches of different sizes
      observed.add(Arrays.copyOfRange(numbers, from, Math.min(numbers.length, from + 700)));
    }
    return observed;
  }

  @Test
  void minMaxHoldsEverythingAndZero() {
    float[] numbers = heavyTailed(5000, 1, true);
    RangeRule.Range range = RangeRule.MIN_MAX.of(seen(numbers), 99, 256);
    Arrays.sort(numbers);
    assertThat(range.low()).isZero();
    assertThat(range.high()).isEqualTo(numbers[numbers.length - 1]);
  }

  @Test
  void percentileLeavesHalfOfTheRestAtEitherEnd() {
    float[] numbers = heavyTailed(10_000, 2, false);
    Observed seen = seen(numbers);
    RangeRule.Range range = RangeRule.PERCENTILE.of(seen, 99, 256);
    Arrays.sort(numbers);
    double bin = 2 * seen.histogram().binWidth(); // and a rank, by rounding
    assertThat(range.low()).isCloseTo(numbers[49], within(bin));
    assertThat(range.high()).isCloseTo(numbers[9949], within(bin));
  }

  @Test
  void movingAverageFollowsItsRecurrence() {
    Random random = new Random(3);
    Observed seen = new Observed();
    double low = 0;
    double high = 0;
    for (int batch = 1; batch <= 250; batch++) {
      float[] numbers = {-random.nextFloat() - 1, random.nextFloat() * batch, 0};
      seen.add(numbers);
      if (batch <= 100) { // the mean
        low = (low * (batch - 1) + numbers[0]) / batch;
        high = (high * (batch - 1) + numbers[1]) / batch;
      } else {
        low = 0.99 * low + 0.01 * numbers[0];
        high = 0.99 * high + 0.01 * numbers[1];
      }
    }
    RangeRule.Range range = RangeRule.MOVING_AVERAGE.of(seen, 99, 256);
    assertThat(range.low()).isCloseTo(low, within(1e-9));
    assertThat(range.high()).isCloseTo(high, within(1e-9));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void entropyIsThatOfTheTalk(boolean positive) {
    Observed seen = seen(heavyTailed(20_000, 4, positive));
    RangeRule.Range range = RangeRule.ENTROPY.of(seen, 99, 256);
    long[] magnitudes = seen.histogram().magnitudes();
    magnitudes[0] = magnitudes[1];
    int bins = slides(magnitudes, positive ? 256 : 128);
    assertThat(range.high())
        .isCloseTo(
            Math.min(seen.histogram().max(), bins * seen.histogram().binWidth()), within(1e-6));
    assertThat(range.high()).as("outliers are cut").isLessThan(seen.histogram().max());
  }

  @Test
  void entropyIsNotLedByTheZerosBehindAnActivation() {
    float[] numbers = heavyTailed(20_000, 8, true);
    RangeRule.Range without = RangeRule.ENTROPY.of(seen(numbers), 99, 256);
    float[] mostlyZero = Arrays.copyOf(numbers, 60_000);
    RangeRule.Range with = RangeRule.ENTROPY.of(seen(mostlyZero), 99, 256);
    assertThat(with.high()).isCloseTo(without.high(), within(0.2 * without.high()));
  }

  /** The pseudo-code of Migacz 2017, slide "Pseudocode", arrays and all. */
  private static int slides(long[] bins, int levels) {
    double[] divergence = new double[bins.length + 1];
    Arrays.fill(divergence, Double.POSITIVE_INFINITY);
    for (int i = levels; i <= bins.length; i++) {
      double[] p = new double[i];
      double outliers = 0;
      for (int k = 0; k < bins.length; k++) {
        if (k < i) {
          p[k] = bins[k];
        } else {
          outliers += bins[k];
        }
      }
      p[i - 1] += outliers;
      double[] quantized = new double[levels];
      double[] filled = new double[levels];
      for (int k = 0; k < i; k++) {
        int level = level(k, i, levels);
        quantized[level] += bins[k];
        filled[level] += p[k] > 0 ? 1 : 0;
      }
      double[] q = new double[i];
      for (int k = 0; k < i; k++) {
        int level = level(k, i, levels);
        q[k] = p[k] > 0 ? quantized[level] / filled[level] : 0;
      }
      double pSum = Arrays.stream(p).sum();
      double qSum = Arrays.stream(q).sum();
      divergence[i] = 0;
      for (int k = 0; k < i; k++) {
        if (p[k] > 0) {
          divergence[i] += p[k] / pSum * Math.log(p[k] / pSum / (q[k] / qSum));
        }
      }
    }
    int best = levels;
    for (int i = levels; i <= bins.length; i++) {
      best = divergence[i] <= divergence[best] ? i : best;
    }
    return best;
  }

  private static int level(int bin, int bins, int levels) {
    int level = 0;
    while ((long) (level + 1) * bins / levels <= bin) {
      level++;
    }
    return level;
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void mseIsNearlyTheBestOfAllThresholds(boolean positive) {
    float[] numbers = heavyTailed(20_000, 5, positive);
    Observed seen = seen(numbers);
    RangeRule.Range found = RangeRule.MSE.of(seen, 99, 256);
    double least = Double.POSITIVE_INFINITY;
    double largest = Math.max(seen.histogram().max(), -seen.histogram().min());
    for (int step = 1; step <= 400; step++) {
      double t = largest * step / 400;
      least =
          Math.min(
              least,
              error(
                  numbers,
                  Math.max(-t, Math.min(0, seen.histogram().min())),
                  Math.min(t, seen.histogram().max())));
    }
    assertThat(error(numbers, found.low(), found.high())).isLessThan(least * 1.06);
    assertThat(least).isLessThan(error(numbers, seen.histogram().min(), largest));
  }

  private static double error(float[] numbers, double low, double high) {
    low = Math.min(0, low);
    double scale = (high - low) / 255;
    double zero = Math.rint(-low / scale);
    double sum = 0;
    for (float x : numbers) {
      double code = Math.max(0, Math.min(255, Math.rint(x / scale) + zero));
      double e = x - (code - zero) * scale;
      sum += e * e;
    }
    return sum;
  }

  @Test
  void farValuesAreOutliers() {
    float[] numbers = new float[100_000];
    Random random = new Random(6);
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = random.nextFloat() - 0.5f;
    }
    assertThat(seen(numbers).outliers()).isEmpty();
    numbers[5] = -9;
    assertThat(seen(numbers).outliers())
        .hasValueSatisfying(o -> assertThat(o).contains("the largest, 9"));
  }
}
