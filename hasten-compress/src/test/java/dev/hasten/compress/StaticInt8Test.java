package dev.hasten.compress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import dev.hasten.measure.Hardware;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StaticInt8Test {
  @TempDir Path folder;

  private static float[] random(int count, long seed, double size) {
    Random random = new Random(seed);
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) (random.nextGaussian() * size);
    }
    return numbers;
  }

  /** Everything that may flow as integers: residuals, depthwise, pools, a concat, a classifier. */
  private static Model network() {
    return GraphBuilder.opset(17)
        .input("x", DataType.FLOAT, "n", 3, "h", "w")
        .floats("w1", random(16 * 3 * 9, 1, 0.3), 16, 3, 3, 3)
        .floats("b1", random(16, 2, 0.5), 16)
        .node("c1", "Conv", "x", "w1", "b1")
        .attribute("pads", Attribute.ints(1, 1, 1, 1))
        .node("r1", "Relu", "c1")
        .node("p1", "MaxPool", "r1")
        .attribute("kernel_shape", Attribute.ints(2, 2))
        .attribute("strides", Attribute.ints(2, 2))
        .floats("w2", random(16 * 9, 3, 0.4), 16, 1, 3, 3)
        .node("c2", "Conv", "p1", "w2")
        .attribute("group", 16)
        .attribute("pads", Attribute.ints(1, 1, 1, 1))
        .floats("zero", new float[] {0})
        .floats("six", new float[] {6})
        .node("r2", "Clip", "c2", "zero", "six")
        .floats("w3", random(16 * 16, 4, 0.3), 16, 16, 1, 1)
        .floats("b3", random(16, 5, 0.5), 16)
        .node("c3", "Conv", "r2", "w3", "b3")
        .node("sum", "Add", "c3", "p1")
        .node("r3", "Relu", "sum")
        .floats("w4", random(8 * 4 * 9, 6, 0.3), 8, 4, 3, 3)
        .node("c4", "Conv", "r3", "w4")
        .attribute("group", 4)
        .attribute("pads", Attribute.ints(1, 1, 1, 1))
        .node("l4", "LeakyRelu", "c4")
        .node("cat", "Concat", "l4", "r3")
        .attribute("axis", 1)
        .node("a5", "AveragePool", "cat")
        .attribute("kernel_shape", Attribute.ints(2, 2))
        .attribute("strides", Attribute.ints(2, 2))
        .floats("w6", random(24 * 24, 7, 0.3), 24, 24, 1, 1)
        .node("c6", "Conv", "a5", "w6")
        .node("s6", "Sigmoid", "c6")
        .node("m6", "Mul", "a5", "s6")
        .node("g7", "GlobalAveragePool", "m6")
        .node("f7", "Flatten", "g7")
        .floats("w8", random(24 * 32, 8, 0.3), 32, 24)
        .floats("b8", random(32, 9, 0.5), 32)
        .node("d8", "Gemm", "f7", "w8", "b8")
        .attribute("transB", 1)
        .node("r8", "Relu", "d8")
        .floats("w9", random(32 * 10, 10, 0.3), 32, 10)
        .node("y", "MatMul", "r8", "w9")
        .output("y", DataType.FLOAT, "n", 10)
        .build();
  }

  private static Map<String, NdArray> image(long seed, int batch, int size) {
    return Map.of(
        "x", NdArray.floats(random(batch * 3 * size * size, seed, 1), batch, 3, size, size));
  }

  private static Context context(Hardware hardware) {
    List<Map<String, NdArray>> batches = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      batches.add(image(100 + i, 1 + i % 3, 16 + 4 * (i % 2))); // shapes differ
    }
    return Context.of(hardware).withCalibration(batches);
  }

  private static float[] run(Model model, Map<String, NdArray> input) {
    try (Session session = Backend.cpu().open(model.toBytes(), "test", SessionOptions.defaults())) {
      return session.run(input).values().iterator().next().toFloats();
    }
  }

  private static double cosine(float[] a, float[] b) {
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      ab += (double) a[i] * b[i];
      aa += (double) a[i] * a[i];
      bb += (double) b[i] * b[i];
    }
    return ab / Math.sqrt(aa * bb);
  }

  private static Applied quantized(Object... settings) {
    return Step.of("static-int8", settings).create().apply(network(), context(Sentences.VNNI));
  }

  /** The operators that the runtime executes, from its own profile. */
  private List<String> executed(Model model) throws IOException {
    Path profile;
    try (Session session =
        Backend.cpu()
            .open(
                model.toBytes(),
                "test",
                SessionOptions.defaults().withProfileTo(folder.resolve("profile")))) {
      session.run(image(7, 2, 16));
      profile = session.endProfiling();
    }
    return Pattern.compile("\"op_name\"\\s*:\\s*\"(\\w+)\"")
        .matcher(Files.readString(profile))
        .results()
        .map(MatchResult::group)
        .map(found -> found.replaceAll(".*\"(\\w+)\"$", "$1"))
        .toList();
  }

  @ParameterizedTest
  @CsvSource({
    "qdq,uint8,false,per-channel",
    "qdq,uint8,true,per-tensor",
    "qdq,int8,false,per-channel",
    "qdq,int8,true,per-channel",
    "qdq,int16,true,per-channel",
    "qdq,uint16,false,per-tensor",
    "qoperator,uint8,false,per-channel",
    "qoperator,uint8,true,per-tensor",
    "qoperator,int8,true,per-channel"
  })
  void everyFormKeepsTheOutputs(
      String format, String activations, boolean symmetric, String granularity) {
    Model before = network();
    Applied applied =
        quantized(
            "format",
            format,
            "activations",
            activations,
            "symmetric",
            symmetric,
            "granularity",
            granularity);
    applied.model().validate();
    assertThat(applied.refusals()).isEmpty();
    assertThat(applied.changes()).hasSizeGreaterThanOrEqualTo(14);
    Model back = Model.read(applied.model().toBytes(), "written and read");
    Map<String, NdArray> input = image(7, 2, 20);
    assertThat(cosine(run(before, input), run(back, input))).isGreaterThan(0.995);
    assertThat(
            Step.of("static-int8")
                .create()
                .apply(applied.model(), context(Sentences.VNNI))
                .changes())
        .as("a second time")
        .isEmpty();
  }

  @Test
  void theRuntimeFusesWhatTheOperatorFormSays() throws IOException {
    Map<String, NdArray> input = image(8, 3, 16);
    Model qdq = quantized().model();
    Model operators = quantized("format", "qoperator").model();
    assertThat(run(qdq, input)).containsExactly(run(operators, input));
    for (Model model : List.of(qdq, operators)) {
      List<String> executed = executed(model);
      assertThat(executed)
          .contains(
              "QLinearConv",
              "QLinearAdd",
              "QLinearConcat",
              "QLinearAveragePool",
              "QLinearMul",
              "QLinearSigmoid",
              "QLinearLeakyRelu",
              "QLinearGlobalAveragePool",
              "QGemm",
              "MatMulIntegerToFloat")
          .doesNotContain("Conv", "Relu", "Clip", "Gemm", "MatMul");
      assertThat(executed.stream().filter("QuantizeLinear"::equals)).hasSize(1);
      assertThat(executed).doesNotContain("DequantizeLinear");
    }
  }

  private static Node producer(Value value) {
    return Objects.requireNonNull(value.producer());
  }

  @Test
  void namesOfValuesStay() {
    Model model = quantized().model();
    for (String name : List.of("x", "r1", "r2", "r3", "cat", "y")) {
      assertThat(model.graph().find(name)).as(name).isNotNull();
    }
    assertThat(producer(model.graph().value("r1")).is("DequantizeLinear")).isTrue();
  }

  @Test
  void biasesAreIntegersAtTheScaleOfTheProducts() {
    Model model = quantized().model();
    Node conv = model.graph().nodes().stream().filter(n -> n.is("Conv")).findFirst().orElseThrow();
    Node data = producer(conv.input(0));
    Node weight = producer(conv.input(1));
    Node bias = producer(conv.input(2));
    assertThat(Targets.constant(bias.input(0)).type()).isEqualTo(DataType.INT32);
    float sx = Targets.constant(data.input(1)).toFloats()[0];
    float[] sw = Targets.constant(weight.input(1)).toFloats();
    float[] sb = Targets.constant(bias.input(1)).toFloats();
    for (int i = 0; i < sb.length; i++) {
      assertThat(sb[i]).isEqualTo(sx * sw[i]);
    }
  }

  @Test
  void aBiasTooLargeForItsChannelWidensTheScale() {
    float[] weights = random(4 * 2, 1, 1);
    weights[0] = weights[1] = 1e-12f; // a channel with a bias and nearly no weights
    Model model =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, "n", 2, 5)
            .floats("w", weights, 4, 2, 1)
            .floats("b", new float[] {3, 1, -1, 0}, 4)
            .node("y", "Conv", "x", "w", "b")
            .output("y", DataType.FLOAT, "n", 4, 5)
            .build();
    Map<String, NdArray> input = Map.of("x", NdArray.floats(random(10, 3, 1), 1, 2, 5));
    Applied applied =
        Step.of("static-int8")
            .create()
            .apply(model, Context.of(Sentences.VNNI).withCalibration(List.of(input)));
    assertThat(cosine(run(model, input), run(applied.model(), input))).isGreaterThan(0.999);
  }

  @ParameterizedTest
  @ValueSource(strings = {"percentile", "min-max", "moving-average", "entropy", "mse"})
  void everyRuleGivesAUsableModel(String rule) {
    Map<String, NdArray> input = image(7, 2, 20);
    Model model = quantized("calibrate", rule).model();
    assertThat(cosine(run(network(), input), run(model, input))).isGreaterThan(0.98);
  }

  @Test
  void includedNodesAlone() {
    Applied applied = quantized("include", List.of("c3"));
    assertThat(applied.changes()).hasSize(1);
    assertThat(applied.model().graph().nodes().stream().filter(n -> n.is("QuantizeLinear")))
        .hasSize(2);
  }

  @Test
  void outliersAreReportedByName() {
    float[] numbers = random(3 * 64 * 64, 1, 1);
    numbers[17] = 400;
    Map<String, NdArray> odd = Map.of("x", NdArray.floats(numbers, 1, 3, 64, 64));
    Applied applied =
        Step.of("static-int8")
            .create()
            .apply(network(), Context.of(Sentences.VNNI).withCalibration(List.of(odd)));
    assertThat(applied.changes())
        .anySatisfy(
            change -> assertThat(change.what()).contains("x has outliers: the largest, 400"));
  }

  @Test
  void wideActivationsHaveNoOperatorForm() {
    assertThatThrownBy(
            () -> Step.of("static-int8", "format", "qoperator", "activations", "int16").create())
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("expected: uint8|int8");
  }

  private static void assertRefused(Model model, String reason) {
    Map<String, NdArray> input = Map.of("x", NdArray.floats(random(8, 1, 1), 1, 2, 4));
    Applied applied =
        Step.of("static-int8")
            .create()
            .apply(model, Context.of(Sentences.VNNI).withCalibration(List.of(input)));
    applied.model().validate();
    assertThat(applied.changes()).isEmpty();
    assertThat(applied.refusals())
        .anySatisfy(refusal -> assertThat(refusal.reason()).contains(reason));
    run(applied.model(), input);
  }

  private static GraphBuilder small() {
    return GraphBuilder.opset(17).input("x", DataType.FLOAT, "n", 2, 4);
  }

  @Test
  void refusesWithTheReason() {
    assertRefused(
        small()
            .floats("w", random(6, 1, 1), 3, 2, 1)
            .node("v", "Abs", "w")
            .node("y", "Conv", "x", "v")
            .output("y", DataType.FLOAT, "n", 3, 4)
            .build(),
        "weight is not an initializer");
    assertRefused(
        small()
            .floats("w", random(6, 1, 1), 2, 3, 1)
            .node("y", "ConvTranspose", "x", "w")
            .output("y", DataType.FLOAT, "n", 3, 4)
            .build(),
        "no integer kernel");
    assertRefused(
        small()
            .floats("w", random(6, 1, 1), 3, 2, 1)
            .floats("minus", new float[] {-1})
            .node("l", "Log", "x") // NaN below zero
            .node("y", "Conv", "l", "w")
            .output("y", DataType.FLOAT, "n", 3, 4)
            .build(),
        "contain NaN");
    float[] broken = random(6, 1, 1);
    broken[2] = Float.POSITIVE_INFINITY;
    assertRefused(
        small()
            .floats("w", broken, 3, 2, 1)
            .node("y", "Conv", "x", "w")
            .output("y", DataType.FLOAT, "n", 3, 4)
            .build(),
        "weight contains Infinity");
    assertRefused(
        small()
            .floats("w", random(6, 1, 1), 3, 2, 1)
            .floats("b", new float[] {1, Float.NaN, 0}, 3)
            .node("y", "Conv", "x", "w", "b")
            .output("y", DataType.FLOAT, "n", 3, 4)
            .build(),
        "bias contains NaN");
    assertRefused(
        small()
            .floats("w", random(6, 1, 1), 3, 2, 1)
            .floats("nothing", new float[] {0})
            .node("z", "Mul", "x", "nothing")
            .node("y", "Conv", "z", "w")
            .output("y", DataType.FLOAT, "n", 3, 4)
            .build(),
        "collapses");
  }

  @Test
  void nodesInBodiesOfControlFlowStay() {
    Model model =
        small()
            .weight("yes", Tensor.of(DataType.BOOL, MemorySegment.ofArray(new byte[] {1})))
            .floats("w", random(6, 1, 1), 3, 2, 1)
            .node("twin", "Identity", "x")
            .output("twin", DataType.FLOAT, "n", 2, 4)
            .build();
    var graph = model.graph();
    var then = graph.subgraph("then");
    var otherwise = graph.subgraph("else");
    for (var body : List.of(then, otherwise)) {
      body.addOutput(
          body.op(
              "c" + body.name(), "Conv", List.of(graph.value("x"), graph.value("w")), Map.of()));
    }
    var y =
        graph.op(
            "y",
            "If",
            List.of(graph.value("yes")),
            Map.of(
                "then_branch",
                new Attribute.GraphAttr(then),
                "else_branch",
                new Attribute.GraphAttr(otherwise)));
    graph.setType(y, DataType.FLOAT, null);
    graph.addOutput(y);
    assertRefused(model, "inside a subgraph");
  }

  @Test
  void oneBrokenLayerLeavesTheOthers() {
    float[] weights = random(6, 1, 1);
    Model model =
        small()
            .floats("w", weights, 3, 2, 1)
            .floats("v", new float[9], 3, 3, 1) // all zero: what comes out has no range
            .floats("u", random(9, 2, 1), 3, 3, 1)
            .node("a", "Conv", "x", "w")
            .node("b", "Conv", "a", "v")
            .node("c", "Conv", "a", "u")
            .node("y", "Add", "b", "c")
            .output("y", DataType.FLOAT, "n", 3, 4)
            .build();
    Map<String, NdArray> input = Map.of("x", NdArray.floats(random(8, 1, 1), 1, 2, 4));
    Applied applied =
        Step.of("static-int8")
            .create()
            .apply(model, Context.of(Sentences.VNNI).withCalibration(List.of(input, input)));
    assertThat(applied.refusals()).extracting(refusal -> refusal.node()).containsExactly("b");
    assertThat(applied.changes()).hasSize(2);
    assertThat(cosine(run(model, input), run(applied.model(), input))).isGreaterThan(0.999);
  }
}
