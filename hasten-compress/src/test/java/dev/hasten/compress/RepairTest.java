package dev.hasten.compress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hasten.graph.Graph;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Value;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Optimization;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link AdaRound} and {@link BiasCorrection}, on what the int8 techniques make. */
class RepairTest {
  private static final int BATCH = 8;

  /** Convolutions (grouped, depthwise, padded), then rows: every kind of layer. */
  private static Model net() {
    SmallNets net = new SmallNets(21);
    Value x = net.op("Relu", net.conv(net.image(3), 3, 8, 3, 1));
    x = net.op("Relu", net.conv(x, 8, 8, 3, 8));
    x = net.op("Relu", net.conv(x, 8, 6, 3, 2));
    x = net.op("Flatten", net.op("GlobalAveragePool", x));
    net.output(net.gemm(net.op("Relu", net.gemm(x, 6, 12)), 12, 5));
    return net.model();
  }

  private static Model products() {
    SmallNets net = new SmallNets(22);
    Value h = net.op("Relu", net.add(net.matMul(net.rows(12), 12, 24), 24));
    net.output(net.add(net.matMul(h, 24, 10), 10));
    return net.model();
  }

  private static Context context(Model model) {
    List<Map<String, NdArray>> batches = new ArrayList<>();
    for (long seed = 100; seed < 108; seed++) {
      batches.add(SmallNets.input(model, BATCH, seed));
    }
    return Context.of(Sentences.VNNI).withCalibration(batches).withReference(model);
  }

  private static Applied apply(Step step, Model model, Context context) {
    Applied applied = step.create().apply(model, context);
    applied.model().validate();
    return applied;
  }

  private static List<float[]> run(Model model, String value, long firstSeed) {
    Model shown = model.copy();
    Graph graph = shown.graph();
    List.copyOf(graph.outputs()).forEach(graph::removeOutput);
    graph.addOutput(graph.value(value));
    graph.removeDead();
    SessionOptions options = SessionOptions.defaults().withOptimization(Optimization.BASIC);
    List<float[]> outputs = new ArrayList<>();
    try (Session session = Backend.cpu().open(shown.toBytes(), "test", options)) {
      for (long seed = firstSeed; seed < firstSeed + 8; seed++) {
        outputs.add(
            session.run(SmallNets.input(model, BATCH, seed)).values().iterator().next().toFloats());
      }
    }
    return outputs;
  }

  /** The last output's squared error against the original's. */
  private static double error(Model original, Model quantized, long firstSeed) {
    String output = original.graph().outputs().getFirst().name();
    List<float[]> expected = run(original, output, firstSeed);
    List<float[]> actual = run(quantized, output, firstSeed);
    double error = 0;
    for (int i = 0; i < expected.size(); i++) {
      for (int j = 0; j < expected.get(i).length; j++) {
        error += Math.pow(expected.get(i)[j] - actual.get(i)[j], 2);
      }
    }
    return error;
  }

  /** How far the means of the output's channels are off, at worst. */
  private static double shift(Model original, Model quantized, int channels) {
    String output = original.graph().outputs().getFirst().name();
    double[] off = new double[channels];
    List<float[]> expected = run(original, output, 100);
    List<float[]> actual = run(quantized, output, 100);
    int count = 0;
    for (int i = 0; i < expected.size(); i++) {
      for (int j = 0; j < expected.get(i).length; j++) {
        off[j % channels] += actual.get(i)[j] - expected.get(i)[j];
        count++;
      }
    }
    double worst = 0;
    for (double sum : off) {
      worst = Math.max(worst, Math.abs(sum) / (count / (double) channels));
    }
    return worst;
  }

  private static Step quantizer(String name) {
    return switch (name) {
      case "static" -> Step.of("static-int8", "granularity", "per-tensor");
      case "qoperator" ->
          Step.of("static-int8", "granularity", "per-tensor", "format", "qoperator");
      case "dynamic" -> Step.of("dynamic-int8", "granularity", "per-tensor");
      default -> Step.of("weight-only-int8", "smallest", 1);
    };
  }

  @ParameterizedTest
  @ValueSource(strings = {"static", "qoperator", "dynamic", "weights"})
  void roundingUpOrDownBeatsTheNearestOnInputsNotSeen(String form) {
    for (Model model : List.of(net(), products())) {
      Context context = context(model);
      Model nearest = apply(quantizer(form), model, context).model();
      Applied applied = apply(Step.of("adaround"), nearest, context);
      assertThat(applied.changes()).isNotEmpty();
      assertThat(applied.changes())
          .allSatisfy(change -> assertThat(change.what()).doesNotContain(" 0 % less"));
      if (!form.equals("weights")) { // whose scales are so fine that the layers' errors are small
        assertThat(layerErrors(model, applied.model())).isLessThan(layerErrors(model, nearest));
      }
      assertThat(apply(Step.of("adaround"), applied.model(), context).changes())
          .as("idempotent")
          .isEmpty();
      Model reread = Model.read(applied.model().toBytes(), "again");
      assertThat(reread.fingerprint()).isEqualTo(applied.model().fingerprint());
    }
  }

  /** Σ over layers of ‖X(W̃ − W)ᵀ‖² ⁄ ‖XWᵀ‖² with X from inputs that calibration has not seen. */
  private static double layerErrors(Model model, Model quantized) {
    double sum = 0;
    for (Counterpart layer :
        Counterpart.all(
            model, quantized, new Targets.Chosen(List.of("*"), List.of()), new Evidence("test"))) {
      double[][] weights = layer.weights();
      int[][] codes = layer.layer().values();
      Patches patches = Patches.of(layer.original());
      double[] power = new double[2];
      Calibration.observe(
          model,
          List.of(layer.original().input(0).name()),
          Context.of(Sentences.VNNI)
              .withCalibration(
                  List.of(SmallNets.input(model, 32, 7), SmallNets.input(model, 32, 8))),
          "test",
          (name, batch) ->
              patches.forEach(
                  batch,
                  Integer.MAX_VALUE,
                  (group, patch) -> {
                    int rows = weights.length / patches.groups();
                    for (int r = group * rows; r < (group + 1) * rows; r++) {
                      double e = 0;
                      double y = 0;
                      for (int j = 0; j < patch.length; j++) {
                        double w = (double) layer.layer().scale(r) * codes[r][j];
                        e += (w - weights[r][j]) * patch[j];
                        y += weights[r][j] * patch[j];
                      }
                      power[0] += e * e;
                      power[1] += y * y;
                    }
                  }));
      sum += power[0] / power[1];
    }
    return sum;
  }

  @Test
  void patchesTimesWeightsAreTheRuntimesConvolution() {
    Model model = net();
    for (Node node : model.graph().nodes()) {
      if (!node.is("Conv")) {
        continue;
      }
      double[][] weights = new Counterpart(node, fake(model, node)).weights();
      Patches patches = Patches.of(node);
      float[] bias = Targets.constant(node.input(2)).toFloats();
      List<Double> products = new ArrayList<>();
      Calibration.observe(
          model,
          List.of(node.input(0).name()),
          Context.of(Sentences.VNNI).withCalibration(List.of(SmallNets.input(model, BATCH, 100))),
          "test",
          (name, batch) ->
              patches.forEach(
                  batch,
                  Integer.MAX_VALUE,
                  (group, patch) -> {
                    int rows = weights.length / patches.groups();
                    for (int r = group * rows; r < (group + 1) * rows; r++) {
                      double y = bias[r];
                      for (int j = 0; j < patch.length; j++) {
                        y += weights[r][j] * patch[j];
                      }
                      products.add(y);
                    }
                  }));
      float[] expected = run(model, node.output().name(), 100).getFirst();
      int positions = 64;
      for (int i = 0; i < products.size(); i++) {
        int channel = i % weights.length;
        int position = i / weights.length;
        int at =
            (position / positions * weights.length + channel) * positions + position % positions;
        assertThat(products.get(i))
            .isCloseTo(expected[at], org.assertj.core.api.Assertions.within(1e-4));
      }
    }
  }

  private static QuantizedLayer fake(Model model, Node node) {
    Model quantized = apply(quantizer("weights"), model, context(model)).model();
    return Counterpart.all(
            model,
            quantized,
            new Targets.Chosen(List.of(node.name()), List.of()),
            new Evidence("test"))
        .getFirst()
        .layer();
  }

  @ParameterizedTest
  @ValueSource(strings = {"static", "qoperator", "dynamic"})
  void meansOfTheOutputsComeBack(String form) {
    Model model = products();
    Context context = context(model);
    Model quantized = apply(quantizer(form), model, context).model();
    Applied applied = apply(Step.of("bias-correction"), quantized, context);
    if (form.equals("qoperator") && applied.changes().isEmpty()) {
      assertThat(applied.refusals()).isNotEmpty();
      return;
    }
    assertThat(applied.changes()).isNotEmpty();
    double before = shift(model, quantized, 10);
    assertThat(shift(model, applied.model(), 10)).isLessThan(0.1 * before);
    assertThat(apply(Step.of("bias-correction"), applied.model(), context).changes())
        .as("idempotent")
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"static", "qoperator", "dynamic"})
  void meansComeBackBehindConvolutionsToo(String form) {
    Model model = net();
    Context context = context(model);
    Model quantized = apply(quantizer(form), model, context).model();
    Applied applied = apply(Step.of("bias-correction"), quantized, context);
    assertThat(applied.changes()).isNotEmpty();
    assertThat(shift(model, applied.model(), 5)).isLessThan(0.5 * shift(model, quantized, 5));
    Model reread = Model.read(applied.model().toBytes(), "again");
    assertThat(reread.fingerprint()).isEqualTo(applied.model().fingerprint());
  }

  @Test
  void togetherInOneRecipeTheyLowerTheErrorOnInputsNotSeen() {
    Model model = net();
    Context context = context(model);
    Model plain = Recipe.of(quantizer("static")).apply(model, context).model();
    Recipe all =
        Recipe.of(
            Step.of("equalize"),
            quantizer("static"),
            Step.of("adaround"),
            Step.of("bias-correction"));
    assertThat(all.warnings()).isEmpty();
    Context fresh = Context.of(Sentences.VNNI).withCalibration(context.calibration());
    Model repaired = all.apply(model, fresh).model();
    assertThat(error(model, repaired, 500)).isLessThan(0.5 * error(model, plain, 500));
  }

  @Test
  void roundingKeepsToTheBoundsOfSaturatingProcessors() {
    Model model = products();
    Context context = context(model);
    Step reduced = Step.of("dynamic-int8", "range", "reduced", "granularity", "per-tensor");
    Model quantized = apply(reduced, model, context).model();
    Model rounded = apply(Step.of("adaround"), quantized, context).model();
    for (Node node : rounded.graph().nodes()) {
      if (node.is("MatMulInteger")) {
        for (long code : Targets.constant(node.input(1)).toLongs()) {
          assertThat(Math.abs(code)).isLessThanOrEqualTo(64);
        }
      }
    }
  }

  @Test
  void refusesWithTheReason() {
    Model model = products();
    Context bare = Context.of(Sentences.VNNI).withCalibration(context(model).calibration());
    for (String technique : List.of("adaround", "bias-correction")) {
      assertThatThrownBy(
              () -> Recipe.of(Step.of(technique)).apply(model, Context.of(Sentences.VNNI)))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining("nothing was quantized before it");
      Applied excluded =
          Recipe.of(quantizer("dynamic"), Step.of(technique, "exclude", List.of("*")))
              .apply(model, bare);
      assertThat(excluded.refusals())
          .anySatisfy(r -> assertThat(r.reason()).contains("excluded by the recipe"));
    }
    SmallNets net = new SmallNets(23);
    net.output(net.matMul(net.rows(12), 12, 10));
    assertThat(
            Recipe.of(quantizer("dynamic"), Step.of("bias-correction"))
                .apply(net.model(), bare)
                .refusals())
        .anySatisfy(r -> assertThat(r.reason()).contains("no bias to correct"));
  }
}
