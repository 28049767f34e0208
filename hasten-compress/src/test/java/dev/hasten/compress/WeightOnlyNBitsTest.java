package dev.hasten.compress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Npz;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WeightOnlyNBitsTest {
  private static final int OUT = 24;
  private final Context context = Context.of(Sentences.VNNI);

  private static float[] random(int count, long seed) {
    Random random = new Random(seed);
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    return numbers;
  }

  private static Model product(float[] weight, int in) {
    return GraphBuilder.opset(17)
        .input("x", DataType.FLOAT, "n", in)
        .floats("w", weight, in, OUT)
        .node("y", "MatMul", "x", "w")
        .output("y", DataType.FLOAT, "n", OUT)
        .build();
  }

  private static float[] run(Model model, Map<String, NdArray> inputs) {
    try (Session session = Backend.cpu().open(model.toBytes(), "test", SessionOptions.defaults())) {
      return session.run(inputs).values().iterator().next().toFloats();
    }
  }

  private static float[] times(float[] x, float[] weight, int in) {
    float[] y = new float[x.length / in * OUT];
    for (int n = 0; n < x.length / in; n++) {
      for (int c = 0; c < OUT; c++) {
        double sum = 0;
        for (int k = 0; k < in; k++) {
          sum += (double) x[n * in + k] * weight[c * in + k];
        }
        y[n * OUT + c] = (float) sum;
      }
    }
    return y;
  }

  private static float[] transposed(float[] weight, int in) {
    float[] out = new float[weight.length];
    for (int k = 0; k < in; k++) {
      for (int c = 0; c < OUT; c++) {
        out[c * in + k] = weight[k * OUT + c];
      }
    }
    return out;
  }

  @ParameterizedTest
  @CsvSource({
    "4,16,64",
    "4,32,64",
    "4,64,100",
    "4,128,384",
    "4,256,100",
    "8,16,64",
    "8,32,100",
    "8,64,96",
    "8,128,384",
    "8,256,512",
    "4,32,1000",
    "8,32,1000"
  })
  void theRuntimeComputesWithTheNumbersOfTheFormula(int bits, int block, int in) {
    float[] weight = random(in * OUT, 5);
    float[] x = random(3 * in, 6);
    Model model = product(weight, in);
    for (String zeros : List.of("symmetric", "asymmetric")) {
      BlockFormat format = new BlockFormat(bits, block, zeros.equals("symmetric"));
      BlockWeight ours =
          BlockWeight.nearest(
              transposed(weight, in), OUT, in, format, (numbers, f) -> f.widest(numbers));
      float[] expected = times(x, ours.real(), in);
      for (int accuracy = 0; accuracy <= 4; accuracy++) {
        Applied applied =
            Step.of(
                    "weight-only-nbits",
                    "bits",
                    bits,
                    "block",
                    block,
                    "zeros",
                    zeros,
                    "method",
                    "rtn",
                    "accuracy",
                    accuracy)
                .create()
                .apply(model, context);
        applied.model().validate();
        assertThat(applied.changes()).hasSize(1);
        float[] actual = run(applied.model(), Map.of("x", NdArray.floats(x, 3, in)));
        // At level 4 activations err by up to 1/254 of their block's largest, here about 3.5:
        // a deviation of 0.008 per input, of which five are allowed.
        double bound = (accuracy == 4 ? 0.04 : 1e-4) * Math.sqrt(in);
        for (int i = 0; i < actual.length; i++) {
          assertThat((double) actual[i]).isCloseTo(expected[i], within(bound));
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"4,false", "4,true", "8,false", "8,true"})
  void packingIsThatOfTheRuntimesQuantizer(int bits, boolean symmetric) throws URISyntaxException {
    Map<String, NdArray> golden =
        Npz.read(Path.of(getClass().getResource("/block-weights.npz").toURI()));
    float[] weights = of(golden, "weights").toFloats();
    float[] rows = new float[weights.length];
    for (int i = 0; i < weights.length; i++) {
      rows[i % 6 * 80 + i / 6] = weights[i];
    }
    BlockWeight ours =
        BlockWeight.nearest(
            rows, 6, 80, new BlockFormat(bits, 32, symmetric), (block, f) -> f.widest(block));
    String of = bits + (symmetric ? "_symmetric" : "_asymmetric");
    assertThat(ours.scaleTensor().toFloats())
        .usingComparatorWithPrecision(1e-7f)
        .containsExactly(of(golden, "scales_" + of).toFloats());
    if (!symmetric) {
      assertThat(bytes(ours.zeroTensor())).isEqualTo(bytes(of(golden, "zeros_" + of)));
    }
    byte[] mine = bytes(ours.packed());
    byte[] theirs = bytes(of(golden, "packed_" + of));
    int used = 80 * bits / 8;
    int width = 96 * bits / 8;
    for (int row = 0; row < 6; row++) { // the padding is not compared: it is anything
      assertThat(Arrays.copyOfRange(mine, row * width, row * width + used))
          .isEqualTo(Arrays.copyOfRange(theirs, row * width, row * width + used));
    }
  }

  private static NdArray of(Map<String, NdArray> arrays, String name) {
    return Objects.requireNonNull(arrays.get(name), name);
  }

  private static byte[] bytes(Tensor tensor) {
    return tensor.data().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
  }

  private static byte[] bytes(NdArray array) {
    byte[] bytes = new byte[array.bytes().remaining()];
    array.bytes().get(bytes);
    return bytes;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void halfQuadraticLowersItsNorm(boolean symmetric) {
    BlockFormat format = new BlockFormat(4, 64, symmetric);
    double nearest = 0;
    double robust = 0;
    for (int seed = 0; seed < 200; seed++) {
      float[] block = random(64, seed);
      block[3] *= 6;
      double before = norm(block, format, format.widest(block));
      double after = norm(block, format, new Hqq().of(block, format));
      assertThat(after).isLessThanOrEqualTo(before * (1 + 1e-12));
      nearest += before;
      robust += after;
    }
    assertThat(robust).isLessThan(0.97 * nearest);
  }

  private static double norm(float[] block, BlockFormat format, BlockFormat.Range range) {
    double sum = 0;
    for (float w : block) {
      sum += Math.pow(Math.abs(w - range.real(format.round(w, range))), Hqq.NORM);
    }
    return sum;
  }

  @Test
  void inverseFactorSolvesTheIdentity() {
    int n = 90;
    double[] h = hessian(random(200 * n, 4), n);
    double[] u = h.clone();
    assertThat(Gptq.inverseFactor(u, n)).isTrue();
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        double sum = 0; // H · (UᵀU)
        for (int t = 0; t < n; t++) {
          double inverse = 0;
          for (int s = 0; s < n; s++) {
            inverse += u[s * n + t] * u[s * n + j];
          }
          sum += h[i * n + t] * inverse;
        }
        assertThat(sum).isCloseTo(i == j ? 1 : 0, within(1e-8));
        assertThat(i > j && u[i * n + j] != 0).as("below the diagonal").isFalse();
      }
    }
    assertThat(Gptq.inverseFactor(new double[] {1, 2, 2, 1}, 2)).as("not positive").isFalse();
  }

  private static double[] hessian(float[] x, int width) {
    double[] h = new double[width * width];
    for (int row = 0; row < x.length / width; row++) {
      for (int i = 0; i < width; i++) {
        for (int j = 0; j < width; j++) {
          h[i * width + j] += (double) x[row * width + i] * x[row * width + j];
        }
      }
    }
    return h;
  }

  /** Activations whose channels go along with each other, as those of networks do. */
  private static float[] correlated(int rows, int width, long seed) {
    float[] mix = random(8 * width, 77);
    float[] sources = random(rows * 8, seed);
    float[] noise = random(rows * width, seed + 1);
    float[] x = new float[rows * width];
    for (int row = 0; row < rows; row++) {
      for (int k = 0; k < width; k++) {
        double sum = 0.3 * noise[row * width + k];
        for (int s = 0; s < 8; s++) {
          sum += sources[row * 8 + s] * mix[s * width + k];
        }
        x[row * width + k] = (float) sum;
      }
    }
    return x;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void errorsMakeUpForEachOtherOnHeldOutInputs(boolean byActivity) {
    int in = 100;
    float[] weight = random(in * OUT, 5);
    Model model = product(weight, in);
    List<Map<String, NdArray>> batches = new ArrayList<>();
    for (int batch = 0; batch < 5; batch++) {
      batches.add(Map.of("x", NdArray.floats(correlated(80, in, 100 + batch), 80, in)));
    }
    Map<String, NdArray> heldOut = Map.of("x", NdArray.floats(correlated(50, in, 7), 50, in));
    float[] expected = run(model, heldOut);
    double nearest = squaredError(expected, run(quantized(model, "rtn", batches, true), heldOut));
    double gptq =
        squaredError(expected, run(quantized(model, "gptq", batches, byActivity), heldOut));
    assertThat(gptq).isLessThan(0.5 * nearest);
  }

  private Model quantized(
      Model model, String method, List<Map<String, NdArray>> batches, boolean byActivity) {
    Applied applied =
        Step.of("weight-only-nbits", "method", method, "accuracy", 0, "byActivity", byActivity)
            .create()
            .apply(model, context.withCalibration(batches));
    assertThat(applied.changes()).hasSize(1);
    return applied.model();
  }

  private static double squaredError(float[] expected, float[] actual) {
    double sum = 0;
    for (int i = 0; i < expected.length; i++) {
      sum += Math.pow(expected[i] - actual[i], 2);
    }
    return sum;
  }

  @ParameterizedTest
  @CsvSource({"4,asymmetric,rtn", "4,symmetric,hqq", "8,asymmetric,rtn"})
  void tablesAreLookedUpInFewBits(String bits, String zeros, String method) {
    float[] table = random(50 * 72, 5);
    Model model =
        GraphBuilder.opset(17)
            .input("ids", DataType.INT64, "n", "length")
            .floats("table", table, 50, 72)
            .node("y", "Gather", "table", "ids")
            .output("y", DataType.FLOAT, "n", "length", 72)
            .build();
    Step step = Step.of("weight-only-nbits", "embeddings", bits, "zeros", zeros, "method", method);
    Applied applied = step.create().apply(model, context);
    applied.model().validate();
    assertThat(applied.changes()).hasSize(1);
    Map<String, NdArray> ids = Map.of("ids", NdArray.longs(new long[] {0, 3, 49, 3}, 2, 2));
    float[] expected = run(model, ids);
    float[] actual = run(applied.model(), ids);
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) actual[i]).isCloseTo(expected[i], within(bits.equals("4") ? 0.5 : 0.02));
    }
    assertThat(step.create().apply(applied.model(), context).changes()).isEmpty();
    Model back = Model.read(applied.model().toBytes(), "written and read");
    assertThat(run(back, ids)).isEqualTo(actual);
  }

  @Test
  void gemmKeepsItsBiasAndItsTranspose() {
    int in = 48;
    float[] weight = random(in * OUT, 5);
    Model model =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, "n", in)
            .floats("w", weight, OUT, in)
            .floats("b", random(OUT, 3), OUT)
            .node("y", "Gemm", "x", "w", "b")
            .attribute("transB", 1)
            .output("y", DataType.FLOAT, "n", OUT)
            .build();
    Step step = Step.of("weight-only-nbits", "bits", 8, "accuracy", 0);
    Applied applied = step.create().apply(model, context);
    Map<String, NdArray> x = Map.of("x", NdArray.floats(random(2 * in, 8), 2, in));
    float[] expected = run(model, x);
    float[] actual = run(applied.model(), x);
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) actual[i]).isCloseTo(expected[i], within(0.1));
    }
    Applied again = step.create().apply(applied.model(), context);
    assertThat(again.changes()).isEmpty();
    assertThat(again.refusals())
        .anySatisfy(refusal -> assertThat(refusal.reason()).contains("already quantized"));
  }

  @Test
  void refusesWithNodeAndReason() {
    int in = 64;
    float[] broken = random(in * OUT, 5);
    broken[3] = Float.NaN;
    assertRefused(Step.of("weight-only-nbits"), product(broken, in), "weight contains NaN");
    assertRefused(
        Step.of("weight-only-nbits", "smallest", 5000),
        product(random(in * OUT, 5), in),
        "weight has 1536 elements (smallest: 5000)");
    assertRefused(
        Step.of("weight-only-nbits", "exclude", List.of("*")),
        product(random(in * OUT, 5), in),
        "excluded by the recipe");
    Model computed =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, "n", in)
            .input("w", DataType.FLOAT, in, OUT)
            .node("y", "MatMul", "x", "w")
            .output("y", DataType.FLOAT, "n", OUT)
            .build();
    assertRefused(Step.of("weight-only-nbits"), computed, "not an initializer");
    Model odd =
        GraphBuilder.opset(17)
            .input("ids", DataType.INT64, "n")
            .floats("table", random(11 * 33, 5), 11, 33)
            .node("y", "Gather", "table", "ids")
            .output("y", DataType.FLOAT, "n", 33)
            .build();
    assertRefused(Step.of("weight-only-nbits"), odd, "33 elements");
  }

  private void assertRefused(Step step, Model model, String reason) {
    Applied applied = step.create().apply(model, context);
    assertThat(applied.changes()).isEmpty();
    assertThat(applied.refusals())
        .anySatisfy(refusal -> {
          assertThat(refusal.reason()).contains(reason);
          assertThat(refusal.node()).isEqualTo(model.graph().nodes().getFirst().name());
        });
  }

  @Test
  void gptqNeedsDataThatSaySomething() {
    int in = 64;
    Model model = product(random(in * OUT, 5), in);
    Technique gptq = Step.of("weight-only-nbits", "method", "gptq").create();
    assertThatThrownBy(() -> gptq.apply(model, context))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("no calibration data");
    Map<String, NdArray> zeros = Map.of("x", NdArray.floats(new float[in], 1, in));
    assertThat(gptq.apply(model, context.withCalibration(List.of(zeros))).refusals())
        .anySatisfy(refusal -> assertThat(refusal.reason()).contains("all zero"));
    float[] infinite = new float[in];
    infinite[2] = Float.POSITIVE_INFINITY;
    Map<String, NdArray> odd = Map.of("x", NdArray.floats(infinite, 1, in));
    assertThat(gptq.apply(model, context.withCalibration(List.of(odd))).refusals())
        .anySatisfy(refusal -> assertThat(refusal.reason()).contains("not finite"));
    // One example: singular, which the damping mends.
    Map<String, NdArray> one = Map.of("x", NdArray.floats(random(in, 1), 1, in));
    assertThat(gptq.apply(model, context.withCalibration(List.of(one))).changes()).hasSize(1);
  }

  @Test
  void weightsSharedByTwoProductsAreStoredOnce() {
    int in = 64;
    Model model =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, "n", in)
            .floats("w", random(in * OUT, 5), in, OUT)
            .node("a", "Relu", "x")
            .node("y", "MatMul", "x", "w")
            .node("z", "MatMul", "a", "w")
            .outputs("y", "z")
            .build();
    Applied applied = Step.of("weight-only-nbits").create().apply(model, context);
    assertThat(applied.changes()).hasSize(2);
    List<Node> products =
        applied.model().graph().nodes().stream().filter(n -> n.is("MatMulNBits")).toList();
    assertThat(products).hasSize(2);
    assertThat(products.getFirst().input(1)).isSameAs(products.getLast().input(1));
    assertThat(products.getFirst().attribute("accuracy_level")).isEqualTo(new Attribute.Int(4));
  }
}
