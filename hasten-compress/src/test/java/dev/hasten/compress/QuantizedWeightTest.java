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
        QuantizedWeight.of(weights, 6, 5, perChannel, 127, QuantizedWeight.Clip.NONE);
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
    QuantizedWeight q = QuantizedWeight.of(weights, 10, 4, true, 64, QuantizedWeight.Clip.NONE);
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
    QuantizedWeight q = QuantizedWeight.of(weights, 100, 4, true, 64, clip);
    double sum = 0;
    for (int i = 0; i < weights.length; i++) {
      double error = weights[i] - (double) q.values()[i] * q.scales()[i % 4];
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
        QuantizedWeight.of(random(64, seed, 3), 16, 4, true, 64, QuantizedWeight.Clip.MSE);
    for (int i = 0; i + 4 < 64; i++) {
      for (int a : new int[] {0, 1, 128, 255}) {
        assertThat(pair(a, 255, q.values()[i], q.values()[i + 4]))
            .isEqualTo(a * q.values()[i] + 255 * q.values()[i + 4]);
      }
    }
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
            new float[] {0, Float.MIN_VALUE}, 1, 2, true, 127, QuantizedWeight.Clip.MSE);
    assertThat(q.scales()[0]).isEqualTo(1f);
    assertThat(q.scales()[1]).isGreaterThanOrEqualTo(Float.MIN_NORMAL);
    assertThat(q.scaleTensor().dims()).isEqualTo(List.of(2L));
    assertThat(q.tensor(true).type()).isEqualTo(DataType.UINT8);
    assertThat(Tensor.scalar(1f).rank()).isZero();
  }
}
