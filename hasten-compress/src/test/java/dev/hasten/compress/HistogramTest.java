package dev.hasten.compress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class HistogramTest {
  @Property(tries = 200, seed = "42")
  void quantilesAreExactWithinABin(
      @ForAll @Size(min = 1, max = 300) float[] any,
      @ForAll @DoubleRange(max = 1) double fraction,
      @ForAll @IntRange(min = -20, max = 20) int exponent) {
    float[] numbers = any.clone();
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) (Math.sin(numbers[i] % 1000) * Math.pow(2, exponent));
    }
    Histogram histogram = new Histogram();
    int half = numbers.length / 2;
    histogram.add(Arrays.copyOf(numbers, half)); // in batches of any size
    histogram.add(Arrays.copyOfRange(numbers, half, numbers.length));
    Arrays.sort(numbers);
    int rank = (int) Math.max(1, Math.ceil(fraction * numbers.length));
    assertThat((double) histogram.quantile(fraction))
        .isCloseTo(numbers[rank - 1], within(histogram.binWidth() * 1.001));
    assertThat(histogram.min()).isEqualTo(numbers[0]);
    assertThat(histogram.max()).isEqualTo(numbers[numbers.length - 1]);
    assertThat(histogram.total()).isEqualTo(numbers.length);
  }

  @Test
  void binsAreNarrowAgainstTheRange() {
    Histogram histogram = new Histogram();
    histogram.add(new float[] {-3f, 0.001f, 7.5f});
    assertThat(histogram.binWidth()).isLessThanOrEqualTo(7.5 / 1024);
  }

  @Test
  void remembersWhatIsNotANumber() {
    Histogram histogram = new Histogram();
    histogram.add(new float[] {1, Float.POSITIVE_INFINITY, Float.NaN});
    assertThat(histogram.isFinite()).isFalse();
    assertThat(histogram.firstOdd()).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(histogram.total()).isEqualTo(1);
  }
}
