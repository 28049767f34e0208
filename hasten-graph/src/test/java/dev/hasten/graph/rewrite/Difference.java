package dev.hasten.graph.rewrite;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Map;
import java.util.Objects;

/** How far the outputs of two models are apart. */
final class Difference {
  private Difference() {}

  /**
   * Fails where an output is missing, of another size, not a number where the other is one, or
   * farther off than {@code relative} times the largest finite number of that output (at least 1).
   */
  static void requireBelow(
      double relative, Map<String, double[]> expected, Map<String, double[]> found) {
    assertThat(found.keySet()).isEqualTo(expected.keySet());
    for (String name : expected.keySet()) {
      double[] want = Objects.requireNonNull(expected.get(name));
      double[] got = Objects.requireNonNull(found.get(name));
      assertThat(got).as(name).hasSameSizeAs(want);
      double scale = Arrays.stream(want).filter(Double::isFinite).map(Math::abs).max().orElse(1);
      double allowed = relative * Math.max(1, scale);
      for (int i = 0; i < want.length; i++) {
        boolean same =
            Double.isFinite(want[i])
                ? Math.abs(want[i] - got[i]) <= allowed
                : Double.compare(want[i], got[i]) == 0;
        if (!same) {
          throw new AssertionError(
              "output %s[%d]: %s (expected: %s, within %s)"
                  .formatted(name, i, got[i], want[i], allowed));
        }
      }
    }
  }
}
