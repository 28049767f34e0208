package dev.hasten.compress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.measure.InnerValues;
import dev.hasten.runtime.NdArray;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Layers that really saturate on calibration data are found, and what is done about it leaves none.
 * The oracle multiplies as VPMADDUBSW does, two byte products added in 16 bits; ONNX Runtime, on a
 * processor with VNNI, gives the sums without loss.
 */
class PairSumsTest {
  private static final int K = 12;
  private static final int N = 5;

  @TempDir Path folder;

  /** 'calm' has weights of both signs beside each other, 'loud' large ones of one sign. */
  private static Model model() {
    float[] calm = new float[K * K];
    float[] loud = new float[K * N];
    Random random = new Random(3);
    for (int i = 0; i < calm.length; i++) {
      // Columns of weights whose two neighbours never have the same sign: none can saturate.
      calm[i] = (i / K % 2 == 0 ? 1 : -1) * (0.5f + random.nextFloat());
    }
    for (int i = 0; i < loud.length; i++) {
      loud[i] = 0.6f + 0.4f * random.nextFloat();
    }
    return GraphBuilder.opset(17)
        .input("x", DataType.FLOAT, "n", K)
        .floats("wc", calm, K, K)
        .floats("wl", loud, K, N)
        .node("c", "MatMul", "x", "wc")
        .node("r", "Sigmoid", "c")
        .node("y", "MatMul", "r", "wl")
        .output("y", DataType.FLOAT, "n", N)
        .build();
  }

  private static List<Map<String, NdArray>> data() {
    Random random = new Random(5);
    List<Map<String, NdArray>> batches = new ArrayList<>();
    for (int b = 0; b < 3; b++) {
      float[] x = new float[8 * K];
      for (int i = 0; i < x.length; i++) {
        x[i] = (float) random.nextGaussian();
      }
      batches.add(Map.of("x", NdArray.floats(x, 8, K)));
    }
    return batches;
  }

  private static Applied applied(String technique, String... settings) {
    return Step.of(technique, (Object[]) settings)
        .create()
        .apply(model(), Context.of(Sentences.AVX2).withCalibration(data()));
  }

  private static String said(Applied applied, String node) {
    return applied.changes().stream()
        .filter(change -> change.node().equals(node))
        .map(Object::toString)
        .findFirst()
        .orElse("");
  }

  @ParameterizedTest
  @ValueSource(strings = {"static-int8", "dynamic-int8"})
  void theLayerThatSaturatesIsNamedWithItsShare(String technique) {
    Applied applied = applied(technique);
    assertThat(said(applied, "c")).doesNotContain("sums of two products");
    Matcher found =
        Pattern.compile("at full range ([0-9.]+) % of its sums of two products saturate")
            .matcher(said(applied, "y"));
    assertThat(found.find()).as(said(applied, "y")).isTrue();
    double share = Double.parseDouble(found.group(1)) / 100;
    assertThat(share).isCloseTo(shareByHand(technique), org.assertj.core.data.Offset.offset(0.06));
  }

  /** The same over all rows of the data, from ONNX Runtime's own activations. */
  private double shareByHand(String technique) {
    float[] weights = Targets.constant(node(model(), "y").input(1)).toFloats();
    int[] full = new int[weights.length];
    for (int n = 0; n < N; n++) {
      float widest = 0;
      for (int k = 0; k < K; k++) {
        widest = Math.max(widest, weights[k * N + n]);
      }
      for (int k = 0; k < K; k++) {
        full[k * N + n] = (int) Math.rint(weights[k * N + n] * 127.0 / widest);
      }
    }
    List<float[]> hidden = new ArrayList<>();
    try (InnerValues inner = InnerValues.open(model(), List.of("r"), folder)) {
      data().forEach(b -> hidden.add(Objects.requireNonNull(inner.run(b).get("r")).toFloats()));
    }
    float overall = 0;
    for (float[] batch : hidden) {
      for (float x : batch) {
        overall = Math.max(overall, x);
      }
    }
    long cut = 0;
    long sums = 0;
    for (float[] batch : hidden) {
      float most = 0;
      for (float x : batch) {
        most = Math.max(most, x);
      }
      float scale = (technique.startsWith("dynamic") ? most : overall) / 255;
      for (int row = 0; row < batch.length; row += K) {
        for (int n = 0; n < N; n++) {
          for (int k = 0; k < K; k += 2, sums++) {
            double first = Math.min(255, Math.rint(batch[row + k] / scale)) * full[k * N + n];
            double next =
                Math.min(255, Math.rint(batch[row + k + 1] / scale)) * full[(k + 1) * N + n];
            cut += first + next > Short.MAX_VALUE ? 1 : 0;
          }
        }
      }
    }
    return (double) cut / sums;
  }

  @ParameterizedTest
  @CsvSource({
    "static-int8, auto", "static-int8, paired", "static-int8, uint8", "static-int8, exclude",
    "dynamic-int8, auto", "dynamic-int8, paired", "dynamic-int8, uint8", "dynamic-int8, exclude"
  })
  void whateverIsChosenSaturatingInputsNoLongerDiffer(String technique, String remedy) {
    assertThat(cutOutputs(applied(technique, "range", "full").model())).isPositive();
    Applied applied = applied(technique, "saturating", remedy);
    assertThat(cutOutputs(applied.model())).as(remedy).isZero();
    String loud = said(applied, "y");
    switch (remedy) {
      case "uint8" -> assertThat(loud).contains("uint8");
      case "exclude" -> {
        assertThat(loud).isEmpty();
        assertThat(applied.refusals().toString()).contains("saturate on calibration data");
      }
      case "paired" -> assertThat(loud).contains("pairs within ±128");
      default -> assertThat(loud).isNotEmpty();
    }
  }

  /** How many outputs of int8 weights the 16-bit sums would change, over adversarial inputs. */
  private static int cutOutputs(Model model) {
    Random random = new Random(13);
    int changed = 0;
    for (var value : model.graph().initializers()) {
      Tensor weights = Targets.constant(value);
      if (weights.type() != DataType.INT8 || weights.rank() != 2) {
        continue; // uint8 goes to kernels that add in 32 bits
      }
      long[] w = weights.toLongs();
      int columns = (int) weights.dim(1);
      for (int trial = 0; trial < 100; trial++) {
        int[] a = random.ints(weights.dim(0), 0, 256).map(x -> x < 64 ? x : 255).toArray();
        for (int n = 0; n < columns; n++) {
          for (int k = 0; k < a.length; k += 2) {
            long sum = a[k] * w[k * columns + n] + a[k + 1] * w[(k + 1) * columns + n];
            changed += sum == (short) sum ? 0 : 1;
          }
        }
      }
    }
    return changed;
  }

  @Test
  void askedForTheFullRangeSaysWhatSaturates() {
    Applied applied = applied("static-int8", "range", "full");
    assertThat(applied.refusals().toString())
        .contains("not kept from saturating, as asked (range: full)");
    Applied vnni =
        Step.of("static-int8", "range", "full")
            .create()
            .apply(model(), Context.of(Sentences.VNNI).withCalibration(data()));
    assertThat(vnni.refusals()).isEmpty();
  }

  @Test
  void uint8WhereBoundedWeightsCostTooMuch() {
    // One large pair forces a coarse scale on all the small weights of a column.
    float[] weights = new float[K * N];
    Random random = new Random(9);
    for (int i = 0; i < weights.length; i++) {
      weights[i] = i / N < 2 ? 1f : 0.9f + 0.1f * random.nextFloat();
    }
    Model model =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, "n", K)
            .floats("w", weights, K, N)
            .node("y", "MatMul", "x", "w")
            .output("y", DataType.FLOAT, "n", N)
            .build();
    Applied applied =
        Step.of("static-int8")
            .create()
            .apply(model, Context.of(Sentences.AVX2).withCalibration(bright()));
    QuantizedWeight full = rounded(weights, WeightRange.FULL);
    QuantizedWeight paired = rounded(weights, WeightRange.PAIRED);
    List<PairSums.Sample> samples = new ArrayList<>();
    float[] x = Objects.requireNonNull(bright().getFirst().get("x")).toFloats();
    for (int row = 0; row < x.length; row += K) {
      samples.add(new PairSums.Sample(0, Arrays.copyOfRange(x, row, row + K), 0, 1));
    }
    ActivationCode code = new ActivationCode(DataType.UINT8, 1f / 255, 0);
    PairSums sums =
        PairSums.of(
            new PairSums.Product(weights, full, paired, 1, k -> k), samples, sample -> code);
    boolean costly = sums.pairedError() > 2 * sums.fullError();
    assertThat(said(applied, "y").toLowerCase(Locale.ROOT).contains("uint8, whose kernels"))
        .isEqualTo(costly);
    assertThat(sums.largest()).isGreaterThan(Short.MAX_VALUE);
    assertThat(costly).isTrue();
  }

  private static QuantizedWeight rounded(float[] weights, WeightRange range) {
    return QuantizedWeight.of(weights, K, N, true, range, QuantizedWeight.Clip.NONE);
  }

  private static List<Map<String, NdArray>> bright() {
    Random random = new Random(2);
    float[] x = new float[16 * K];
    for (int i = 0; i < x.length; i++) {
      x[i] = random.nextInt(3) == 0 ? random.nextInt(256) / 255f : 1;
    }
    return List.of(Map.of("x", NdArray.floats(x, 16, K)));
  }

  private static Node node(Model model, String output) {
    return model.graph().nodes().stream()
        .filter(n -> n.output().name().equals(output))
        .findFirst()
        .orElseThrow();
  }
}
