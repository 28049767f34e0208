package dev.hasten.compress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Model;
import dev.hasten.graph.Shape;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class QuantizedWeightTest {
  private static float[] random(int count, long seed, double size) {
    Random random = new Random(seed);
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) (random.nextGaussian() * size * (i % 17 == 0 ? 20 : 1));
    }
    return numbers;
  }

  @Property(tries = 10, seed = "42")
  void valuesEqualTheRuntimesQuantizeLinear(@ForAll long seed, @ForAll boolean perChannel) {
    float[] weights = random(6 * 5, seed, 0.1);
    QuantizedWeight ours =
        QuantizedWeight.of(weights, 6, 5, perChannel, WeightRange.FULL, QuantizedWeight.Clip.NONE);
    Model model = Model.create(17);
    Graph graph = model.graph();
    Value x = graph.addInput("x", DataType.FLOAT, Shape.of(6L, 5L));
    Value q =
        graph.op(
            "q",
            "QuantizeLinear",
            List.of(
                x,
                graph.addInitializer("s", ours.scaleTensor()),
                graph.addInitializer("z", ours.zeroPointTensor(false))),
            perChannel ? Map.of("axis", new Attribute.Int(1)) : Map.of());
    graph.setType(q, DataType.INT8, Shape.of(6L, 5L));
    graph.addOutput(q);
    try (Session session = Backend.cpu().open(model.toBytes(), "q", SessionOptions.defaults())) {
      NdArray theirs =
          session.run(Map.of("x", NdArray.floats(weights, 6, 5))).values().iterator().next();
      byte[] bytes = new byte[30];
      theirs.bytes().get(bytes);
      assertThat(ours.values()).isEqualTo(bytes);
    }
  }

  @Property(tries = 100, seed = "42")
  void errorIsAtMostHalfAStep(@ForAll long seed) {
    float[] weights = random(40, seed, 1);
    QuantizedWeight q =
        QuantizedWeight.of(weights, 10, 4, true, WeightRange.REDUCED, QuantizedWeight.Clip.NONE);
    for (int i = 0; i < weights.length; i++) {
      float scale = q.scales()[i % 4];
      assertThat((double) q.values()[i] * scale).isCloseTo(weights[i], within(scale * 0.5001));
    }
  }

  @Property(tries = 50, seed = "42")
  void clippingNeverRaisesTheError(@ForAll long seed) {
    float[] weights = random(400, seed, 1);
    double plain = error(weights, QuantizedWeight.Clip.NONE);
    assertThat(error(weights, QuantizedWeight.Clip.MSE)).isLessThanOrEqualTo(plain);
  }

  private static double error(float[] weights, QuantizedWeight.Clip clip) {
    return error(weights, QuantizedWeight.of(weights, 100, 4, true, WeightRange.REDUCED, clip));
  }

  private static double error(float[] weights, QuantizedWeight q) {
    double sum = 0;
    for (int i = 0; i < weights.length; i++) {
      double error = weights[i] - (double) q.values()[i] * q.scales()[i % q.scales().length];
      sum += error * error;
    }
    return sum;
  }

  /** VPMADDUBSW: two products of an unsigned and a signed byte, summed, cut at 16 bits. */
  private static int pair(int a, int b, int w, int v) {
    return Math.max(Short.MIN_VALUE, Math.min(Short.MAX_VALUE, a * w + b * v));
  }

  @Property(tries = 200, seed = "42")
  void reducedWeightsNeverSaturate(@ForAll long seed) {
    QuantizedWeight q =
        QuantizedWeight.of(
            random(64, seed, 3), 16, 4, true, WeightRange.REDUCED, QuantizedWeight.Clip.MSE);
    for (int i = 0; i + 4 < 64; i++) {
      for (int a : new int[] {0, 1, 128, 255}) {
        assertThat(pair(a, 255, q.values()[i], q.values()[i + 4]))
            .isEqualTo(a * q.values()[i] + 255 * q.values()[i + 4]);
      }
    }
  }

  @Property(tries = 200, seed = "42")
  void pairedWeightsNeverSaturateAndLoseLessThanReducedOnes(
      @ForAll long seed, @ForAll boolean perChannel) {
    int rows = 15; // the last row has no partner
    float[] weights = random(rows * 4, seed, 3);
    QuantizedWeight paired = of(weights, rows, perChannel, WeightRange.PAIRED);
    QuantizedWeight reduced = of(weights, rows, perChannel, WeightRange.REDUCED);
    QuantizedWeight full = of(weights, rows, perChannel, WeightRange.FULL);
    assertThat(saturated(paired.values(), rows)).isZero();
    assertThat(saturated(reduced.values(), rows)).isZero();
    assertThat(error(weights, paired)).isLessThanOrEqualTo(error(weights, reduced));
    if (saturated(full.values(), rows) == 0) {
      assertThat(error(weights, paired)).isLessThanOrEqualTo(error(weights, full));
    }
  }

  @Test
  void sameSignsSaturateAtFullRangeOnly() {
    float[] weights = new float[32];
    Arrays.fill(weights, -1f);
    assertThat(saturated(of(weights, 8, true, WeightRange.FULL).values(), 8)).isPositive();
    assertThat(saturated(of(weights, 8, true, WeightRange.PAIRED).values(), 8)).isZero();
    for (int i = 0; i < weights.length; i++) {
      weights[i] = i / 4 % 2 == 0 ? 1 : -0.63f; // partners of opposite signs use the whole range
    }
    QuantizedWeight opposite = of(weights, 8, true, WeightRange.PAIRED);
    assertThat(opposite.values()).contains((byte) 127, (byte) -80);
    assertThat(saturated(opposite.values(), 8)).isZero();
  }

  private static QuantizedWeight of(
      float[] weights, int rows, boolean perChannel, WeightRange range) {
    return QuantizedWeight.of(weights, rows, 4, perChannel, range, QuantizedWeight.Clip.NONE);
  }

  /** How many sums of two products differ for the worst activations, in matrices of 4 columns. */
  private static int saturated(byte[] values, int rows) {
    int count = 0;
    for (int row = 0; row + 1 < rows; row += 2) {
      for (int c = 0; c < 4; c++) {
        int w = values[row * 4 + c];
        int v = values[row * 4 + 4 + c];
        for (int a : new int[] {0, 1, 254, 255}) {
          for (int b : new int[] {0, 1, 254, 255}) {
            count += pair(a, b, w, v) == a * w + b * v ? 0 : 1;
          }
        }
      }
    }
    return count;
  }

  @Test
  void theWorstPairFitsOnlyWhenReduced() {
    assertThat(pair(255, 255, 127, 127)).isNotEqualTo(255 * 254);
    assertThat(pair(255, 255, 64, 64)).isEqualTo(255 * 128);
    assertThat(pair(255, 255, -64, -64)).isEqualTo(-255 * 128);
  }

  @Test
  void zeroAndTinyColumnsHaveUsableScales() {
    QuantizedWeight q =
        QuantizedWeight.of(
            new float[] {0, Float.MIN_VALUE},
            1,
            2,
            true,
            WeightRange.FULL,
            QuantizedWeight.Clip.MSE);
    assertThat(q.scales()[0]).isEqualTo(1f);
    assertThat(q.scales()[1]).isGreaterThanOrEqualTo(Float.MIN_NORMAL);
    assertThat(q.scaleTensor().dims()).isEqualTo(List.of(2L));
    assertThat(q.tensor(true).type()).isEqualTo(DataType.UINT8);
    assertThat(Tensor.scalar(1f).rank()).isZero();
  }
}
