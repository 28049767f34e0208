package dev.hasten.compress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.Graph;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.graph.ModelException;
import dev.hasten.graph.Node;
import dev.hasten.graph.Shape;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SmallGraphTest {
  private static final int IN = 32;
  private static final int OUT = 48;
  private final Context context =
      Context.of(Sentences.VNNI).withCalibration(List.of(input(1), input(2), input(3)));

  private static float[] random(int count, long seed) {
    Random random = new Random(seed);
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    return numbers;
  }

  private static Map<String, NdArray> input(long seed) {
    return Map.of("x", NdArray.floats(random(4 * IN, seed), 4, IN));
  }

  private static Model gemm(long opset, float[] weight, boolean transposed) {
    Model model = Model.create(opset);
    Graph graph = model.graph();
    Value x = graph.addInput("x", DataType.FLOAT, Shape.of("n", (long) IN));
    Value w =
        graph.addInitializer(
            "w", transposed ? Tensor.floats(weight, OUT, IN) : Tensor.floats(weight, IN, OUT));
    Value b = graph.addInitializer("b", Tensor.floats(random(OUT, 9), OUT));
    Value y =
        graph.op(
            "y",
            "Gemm",
            List.of(x, w, b),
            transposed ? Map.of("transB", new Attribute.Int(1)) : Map.of());
    graph.setType(y, DataType.FLOAT, Shape.of("n", (long) OUT));
    graph.addOutput(y);
    model.validate();
    return model;
  }

  private static float[] run(Model model) {
    try (Session session = Backend.cpu().open(model.toBytes(), "test", SessionOptions.defaults())) {
      return session.run(input(7)).values().iterator().next().toFloats();
    }
  }

  private static void assertClose(Model before, Model after, double tolerance) {
    float[] expected = run(before);
    float[] actual = run(after);
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) actual[i]).isCloseTo(expected[i], within(tolerance));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"dynamic-int8", "static-int8", "weight-only-int8", "fp16", "bf16"})
  void gemmKeepsItsOutputsWithinTheBound(String technique) {
    for (boolean transposed : new boolean[] {false, true}) {
      Model model = gemm(17, random(IN * OUT, 5), transposed);
      String before = model.fingerprint();
      Applied applied = Step.of(technique).create().apply(model, context);
      applied.model().validate();
      assertThat(applied.changes()).isNotEmpty();
      assertThat(model.fingerprint()).as("the model given is untouched").isEqualTo(before);
      assertClose(model, applied.model(), 0.4);
      assertThat(Step.of(technique).create().apply(applied.model(), context).changes()).isEmpty();
    }
  }

  @Test
  void smoothQuantKeepsTheOutputs() {
    Model model = gemm(17, random(IN * OUT, 5), true);
    Applied applied = Step.of("smooth-quant").create().apply(model, context);
    assertClose(model, applied.model(), 1e-4);
    assertThat(Step.of("smooth-quant").create().apply(applied.model(), context).changes())
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"per-tensor", "per-channel"})
  void unsignedWeightsWorkToo(String granularity) {
    Model model = gemm(17, random(IN * OUT, 5), false);
    Step step = Step.of("dynamic-int8", "granularity", granularity, "weights", "uint8");
    assertClose(model, step.create().apply(model, context).model(), 0.5);
  }

  @Test
  void saturatingProcessorsGetReducedWeights() {
    float[] worst = new float[IN * OUT];
    java.util.Arrays.fill(worst, 1f);
    Model model = gemm(17, worst, false);
    assertThat(largestByte(model, Sentences.AVX2, "auto")).isEqualTo(64);
    assertThat(largestByte(model, Sentences.VNNI, "auto")).isEqualTo(127);
    assertThat(largestByte(model, Sentences.VNNI, "reduced")).isEqualTo(64);
  }

  private static long largestByte(Model model, dev.hasten.measure.Hardware hardware, String range) {
    Applied applied =
        Step.of("dynamic-int8", "range", range).create().apply(model, Context.of(hardware));
    Node product =
        applied.model().graph().nodes().stream()
            .filter(node -> node.is("MatMulInteger"))
            .findFirst()
            .orElseThrow();
    return java.util.Arrays.stream(Targets.constant(product.input(1)).toLongs())
        .max()
        .orElseThrow();
  }

  @Test
  void refusesWithTheReason() {
    float[] broken = random(IN * OUT, 5);
    broken[3] = Float.NaN;
    assertRefused(Step.of("dynamic-int8"), gemm(17, broken, false), "weight contains NaN");
    assertRefused(Step.of("static-int8"), gemm(17, broken, false), "weight contains NaN");
    Model model = gemm(17, random(IN * OUT, 5), false);
    assertRefused(
        Step.of("dynamic-int8", "exclude", List.of("*")), model, "excluded by the recipe");
    Model quantized = Step.of("dynamic-int8").create().apply(model, context).model();
    assertRefused(Step.of("dynamic-int8"), quantized, "already quantized");
    assertRefused(Step.of("static-int8"), quantized, "already quantized");
    float[] huge = random(IN * OUT, 5);
    huge[0] = 1e6f;
    assertRefused(Step.of("fp16"), gemm(17, huge, false), "within ±65504");
  }

  @Test
  void aRecipeMixesTechniquesNodeByNode() {
    Model model = chain();
    Recipe recipe =
        Recipe.of(
            Step.of("static-int8", "include", List.of("first")),
            Step.of("dynamic-int8", "include", List.of("s*", "third"), "exclude", List.of("third")),
            Step.of("weight-only-int8", "include", List.of("third")));
    Applied applied = recipe.apply(model, context);
    assertThat(applied.changes())
        .extracting(change -> change.rule() + " " + change.node())
        .containsExactly("static-int8 first", "dynamic-int8 second", "weight-only-int8 third");
    assertThat(applied.refusals())
        .extracting(refusal -> refusal.node() + " " + refusal.reason())
        .containsExactly("third excluded by the recipe");
    assertThat(applied.model().graph().nodes().stream().map(Node::opType))
        .contains("QuantizeLinear", "MatMulInteger");
    assertClose(model, applied.model(), 3);
    assertThat(recipe.apply(applied.model(), context).changes()).isEmpty();
  }

  @Test
  void whatIsQuantizedIsLeftAloneAndTheRestIsTaken() {
    Model model = chain();
    Model part =
        Step.of("static-int8", "include", List.of("first")).create().apply(model, context).model();
    Applied rest = Step.of("dynamic-int8").create().apply(part, context);
    assertThat(rest.changes()).extracting(c -> c.node()).containsExactly("second", "third");
    assertThat(rest.refusals())
        .extracting(refusal -> refusal.node() + " " + refusal.reason())
        .containsExactly("first already quantized");
  }

  /** Three products, called first, second and third. */
  private static Model chain() {
    Model model = Model.create(17);
    Graph graph = model.graph();
    Value value = graph.addInput("x", DataType.FLOAT, Shape.of("n", (long) IN));
    List<String> names = List.of("first", "second", "third");
    for (int i = 0; i < names.size(); i++) {
      Value weight = graph.addInitializer("w" + i, Tensor.floats(random(IN * IN, i), IN, IN));
      Node node = graph.add("", "MatMul", List.of(value, weight), Map.of(), List.of("y" + i));
      graph.rename(node, names.get(i));
      value = graph.op("a" + i, "Tanh", List.of(node.output()), Map.of());
    }
    graph.setType(value, DataType.FLOAT, Shape.of("n", (long) IN));
    graph.addOutput(value);
    model.validate();
    return model;
  }

  private void assertRefused(Step step, Model model, String reason) {
    Applied applied = step.create().apply(model, context);
    assertThat(applied.changes()).isEmpty();
    assertThat(applied.refusals())
        .anySatisfy(refusal -> assertThat(refusal.reason()).contains(reason));
  }

  @Test
  void collapsedAndInfiniteRangesAreRefused() {
    Model model = gemm(17, random(IN * OUT, 5), false);
    Step step = Step.of("static-int8");
    Map<String, NdArray> zeros = Map.of("x", NdArray.floats(new float[IN], 1, IN));
    assertThat(step.create().apply(model, context.withCalibration(List.of(zeros))).refusals())
        .anySatisfy(refusal -> assertThat(refusal.reason()).contains("collapses"));
    float[] infinite = new float[IN];
    infinite[0] = Float.POSITIVE_INFINITY;
    Map<String, NdArray> odd = Map.of("x", NdArray.floats(infinite, 1, IN));
    assertThat(step.create().apply(model, context.withCalibration(List.of(odd))).refusals())
        .anySatisfy(refusal -> assertThat(refusal.reason()).contains("contain Infinity"));
    assertThatThrownBy(() -> step.create().apply(model, context.withCalibration(List.of())))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("no calibration data");
  }

  @Test
  void oneExampleIsTakenAndSaidToBeFew() {
    Model model = gemm(17, random(IN * OUT, 5), false);
    Map<String, NdArray> one = Map.of("x", NdArray.floats(random(IN, 3), 1, IN));
    Applied applied =
        Step.of("static-int8").create().apply(model, context.withCalibration(List.of(one)));
    assertThat(applied.changes()).isNotEmpty();
    assertThat(applied.refusals())
        .anySatisfy(refusal -> assertThat(refusal.reason()).contains("calibrated on 1 example"));
    Applied enough =
        Step.of("static-int8").create().apply(model, context.withCalibration(List.of(one, one)));
    assertThat(enough.refusals()).isEmpty();
  }

  /** Scales and zero points from Constant nodes behind Identity, as some exporters write them. */
  @Test
  void scalesThatAreComputedFromConstantsAreKnownAsQuantized() {
    Model model =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, "n", IN)
            .floats("s0", new float[] {0.02f})
            .node("s", "Identity", "s0")
            .weight("w8", Tensor.bytes(DataType.INT8, new byte[IN * OUT], IN, OUT))
            .node("w", "DequantizeLinear", "w8", "s")
            .node("q", "QuantizeLinear", "x", "s")
            .node("d", "DequantizeLinear", "q", "s")
            .node("y", "MatMul", "d", "w")
            .output("y", DataType.FLOAT, "n", OUT)
            .build();
    for (String technique : List.of("static-int8", "dynamic-int8", "weight-only-int8")) {
      assertRefused(Step.of(technique), model, "already quantized");
    }
    for (String technique : List.of("adaround", "bias-correction", "equalize", "smooth-quant")) {
      Map<String, NdArray> one = Map.of("x", NdArray.floats(random(IN, 3), 1, IN));
      Applied applied =
          Step.of(technique)
              .create()
              .apply(model, context.withCalibration(List.of(one)).withReference(model));
      applied.model().validate();
    }
  }

  @Test
  void oldOpsetsNameTheRemedy() {
    Model model = gemm(9, random(IN * OUT, 5), false);
    assertThatThrownBy(() -> Step.of("dynamic-int8").create().apply(model, context))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("opset 9")
        .hasMessageContaining("simplify");
  }
}
