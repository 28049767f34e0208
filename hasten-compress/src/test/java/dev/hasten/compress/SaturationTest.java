package dev.hasten.compress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.measure.Hardware;
import dev.hasten.runtime.NdArray;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Convolutions and products as AVX2 computes them without VNNI: VPMADDUBSW adds two byte products
 * in 16 bits, in the order in which ONNX Runtime packs the weights. Adversarial weights and
 * activations, both kinds of processors.
 */
class SaturationTest {
  private static final int IN = 6;
  private static final int OUT = 8;
  private static final int KERNEL = 3;

  /** Large weights of mostly one sign, in the layout of Conv. */
  private static float[] adversarial(String kind) {
    Random random = new Random(7);
    float[] weights = new float[OUT * IN * KERNEL];
    for (int i = 0; i < weights.length; i++) {
      weights[i] =
          switch (kind) {
            case "equal" -> i / (IN * KERNEL) % 2 == 0 ? 1f : -1f;
            case "skewed" -> 0.7f + 0.3f * random.nextFloat();
            default -> (float) random.nextGaussian();
          };
    }
    return weights;
  }

  private static Model quantized(String kind, String range, Hardware hardware) {
    Model model =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, 1, IN, KERNEL)
            .floats("w", adversarial(kind), OUT, IN, KERNEL)
            .node("y", "Conv", "x", "w")
            .output("y", DataType.FLOAT, 1, OUT, 1)
            .build();
    float[] pixels = new float[IN * KERNEL];
    Arrays.fill(pixels, 1);
    Map<String, NdArray> bright = Map.of("x", NdArray.floats(pixels, 1, IN, KERNEL));
    return Step.of("static-int8", "range", range)
        .create()
        .apply(model, Context.of(hardware).withCalibration(List.of(bright)))
        .model();
  }

  private static Tensor weights(Model model) {
    Node conv = model.graph().nodes().stream().filter(n -> n.is("Conv")).findFirst().orElseThrow();
    return Targets.constant(Objects.requireNonNull(conv.input(1).producer()).input(0));
  }

  /** Over adversarial activations: how many outputs the 16-bit sums change. */
  private static int differing(Tensor weights) {
    long[] w = weights.toLongs();
    int depth = IN * KERNEL;
    Random random = new Random(11);
    int differing = 0;
    for (int trial = 0; trial < 200; trial++) {
      long[] a = new long[depth];
      for (int k = 0; k < depth; k++) {
        a[k] = trial == 0 ? 255 : random.nextInt(4) == 0 ? random.nextInt(256) : 255;
      }
      for (int out = 0; out < OUT; out++) {
        long exact = 0;
        long sum = 0;
        for (int k = 0; k < depth; k += 2) {
          long first = a[k] * at(w, out, k);
          long second = k + 1 < depth ? a[k + 1] * at(w, out, k + 1) : 0;
          exact += first + second;
          sum += Math.clamp(first + second, Short.MIN_VALUE, Short.MAX_VALUE);
        }
        differing += exact == sum ? 0 : 1;
      }
    }
    return differing;
  }

  /** Weight number k of an output: the channels of one position, then those of the next. */
  private static long at(long[] w, int out, int k) {
    return w[(out * IN + k % IN) * KERNEL + k / IN];
  }

  @ParameterizedTest
  @ValueSource(strings = {"equal", "skewed", "random"})
  void noDeliveredWeightSaturates(String kind) {
    Tensor naive = weights(quantized(kind, "full", Sentences.AVX2));
    assertThat(differing(naive)).as("full range").isPositive();
    for (String range : List.of("paired", "reduced", "auto")) {
      Tensor weights = weights(quantized(kind, range, Sentences.AVX2));
      if (weights.type() == DataType.INT8) { // uint8 takes kernels that add in 32 bits
        assertThat(differing(weights)).as(range).isZero();
      }
    }
    assertThat(weights(quantized(kind, "auto", Sentences.VNNI)).contentEquals(naive))
        .as("with VNNI the whole range")
        .isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"static-int8", "dynamic-int8"})
  void productsNeitherOnTheirOwn(String technique) {
    float[] ones = new float[IN * OUT];
    Arrays.fill(ones, -0.9f);
    Model model =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, "n", IN)
            .floats("w", ones, IN, OUT)
            .node("y", "MatMul", "x", "w")
            .output("y", DataType.FLOAT, "n", OUT)
            .build();
    float[] row = {1, 2, 3, 4, 5, 6};
    Context context =
        Context.of(Sentences.AVX2)
            .withCalibration(List.of(Map.of("x", NdArray.floats(row, 1, IN))));
    Model result = Step.of(technique).create().apply(model, context).model();
    Tensor weights =
        result.graph().initializers().stream()
            .map(Targets::constant)
            .filter(t -> t.type() == DataType.INT8 && t.rank() == 2)
            .findFirst()
            .orElseThrow();
    assertThat(Arrays.stream(weights.toLongs()).min().orElseThrow()).isEqualTo(-64);
  }

  @ParameterizedTest
  @ValueSource(strings = {"per-channel", "per-tensor"})
  void depthwiseKernelsAddInMoreBits(String granularity) {
    Random random = new Random(1);
    float[] weights = new float[16 * 9];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = random.nextFloat();
    }
    weights[0] = 1;
    Model model =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, 1, 16, 3, 3)
            .floats("w", weights, 16, 1, 3, 3)
            .node("y", "Conv", "x", "w")
            .attribute("group", 16)
            .attribute("strides", Attribute.ints(1, 1))
            .output("y", DataType.FLOAT, 1, 16, 1, 1)
            .build();
    float[] pixels = new float[16 * 9];
    Arrays.fill(pixels, 1);
    Context context =
        Context.of(Sentences.AVX2)
            .withCalibration(List.of(Map.of("x", NdArray.floats(pixels, 1, 16, 3, 3))));
    Model result =
        Step.of("static-int8", "granularity", granularity).create().apply(model, context).model();
    assertThat(Arrays.stream(weights(result).toLongs()).max().orElseThrow()).isEqualTo(127);
  }
}
