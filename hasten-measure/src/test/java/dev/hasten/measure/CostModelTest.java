package dev.hasten.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.hasten.measure.CostModel.Point;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class CostModelTest {
  private static List<Point> points(
      double fixed, double example, double element, double pair, double noise) {
    SplittableRandom random = new SplittableRandom(3);
    List<Point> points = new ArrayList<>();
    for (int b : new int[] {1, 2, 4, 8}) {
      for (int n : new int[] {16, 64, 128, 512}) {
        double t = fixed + example * b + element * b * n + pair * b * n * n;
        points.add(new Point(b, n, t * (1 + noise * (2 * random.nextDouble() - 1))));
      }
    }
    return points;
  }

  @Test
  void findsTheCoefficientsThatMadeTheTimes() {
    CostModel found = CostModel.fit(points(1e-4, 2e-5, 3e-6, 4e-9, 0));
    Offset<Double> exact = within(1e-6);
    assertThat(found.fixed() / 1e-4).isCloseTo(1, exact);
    assertThat(found.perExample() / 2e-5).isCloseTo(1, exact);
    assertThat(found.perElement() / 3e-6).isCloseTo(1, exact);
    assertThat(found.perPair() / 4e-9).isCloseTo(1, exact);
    assertThat(found.r2()).isCloseTo(1, within(1e-9));
    assertThat(found.seconds(3, 100)).isCloseTo(1e-4 + 6e-5 + 9e-4 + 1.2e-4, within(1e-9));
  }

  @Test
  void whatIsNotThereStaysOutDespiteNoise() {
    CostModel linear = CostModel.fit(points(0, 0, 3e-6, 0, 0.02));
    assertThat(linear.perElement()).isCloseTo(3e-6, within(1e-7));
    assertThat(linear.perPair() * 512).isLessThan(0.05 * linear.perElement());
    assertThat(linear.r2()).isGreaterThan(0.99);
    CostModel quadratic = CostModel.fit(points(0, 0, 1e-6, 1e-8, 0.02));
    assertThat(quadratic.perPair()).isCloseTo(1e-8, within(1e-9));
  }

  @Test
  void noCoefficientIsBelowZero() {
    // Larger batches come cheaper than linear: a plain fit would want a negative term.
    CostModel found =
        CostModel.fit(
            List.of(
                new Point(1, 1, 1), new Point(2, 1, 2.2), new Point(4, 1, 5), new Point(8, 1, 11)));
    assertThat(found.fixed()).isNotNegative();
    assertThat(found.perExample() + found.perElement() + found.perPair()).isPositive();
    assertThat(found.worst()).isBetween(0.0, 0.5);
  }

  @Test
  void tooLittleToFitIsRefused() {
    assertThatThrownBy(() -> CostModel.fit(List.of(new Point(1, 1, 1), new Point(2, 1, 2))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least 3 points");
    assertThatThrownBy(() ->
            CostModel.fit(List.of(new Point(1, 1, 1), new Point(2, 1, 0), new Point(3, 1, 2))))
        .hasMessageContaining("above 0");
  }
}
