package dev.hasten.study;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.compress.Context;
import dev.hasten.compress.Recipe;
import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.measure.Hardware;
import dev.hasten.measure.OperatorProfile;
import dev.hasten.measure.OperatorProfile.NodeTime;
import dev.hasten.measure.OperatorProfile.OperatorTime;
import dev.hasten.measure.Row;
import dev.hasten.runtime.NdArray;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SlownessTest {
  @TempDir Path folder;
  private Model original = Model.create(17);

  @BeforeEach
  void model() {
    original =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, "batch", 64)
            .floats("w1", weights(), 64, 64)
            .floats("w2", weights(), 64, 64)
            .node("h", "MatMul", "x", "w1")
            .node("y", "MatMul", "h", "w2")
            .output("y", DataType.FLOAT, "batch", 64)
            .build();
  }

  private static float[] weights() {
    float[] weights = new float[64 * 64];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (i % 17 - 8) / 100f;
    }
    return weights;
  }

  private static Model dynamic(Model model) {
    return Recipe.of(dev.hasten.compress.Step.of("dynamic-int8"))
        .apply(model, Context.of(Hardware.detect()))
        .model();
  }

  private Node layer(String value) {
    Node node = original.graph().value(value).producer();
    assertThat(node).isNotNull();
    return java.util.Objects.requireNonNull(node);
  }

  private static NodeTime time(String node, String op, long micros) {
    return new NodeTime(node, op, Duration.ofNanos(micros * 1_000), 0);
  }

  private static OperatorProfile profile(NodeTime... nodes) {
    List<OperatorTime> operators = new ArrayList<>();
    Duration all = Duration.ZERO;
    for (NodeTime node : nodes) {
      operators.add(new OperatorTime(node.opType(), 1, node.perRun(), 0.5));
      all = all.plus(node.perRun());
    }
    return new OperatorProfile(20, all, operators, List.of(nodes));
  }

  private static String maker(Model model, String value) {
    return java.util.Objects.requireNonNull(model.graph().value(value).producer()).name();
  }

  @Test
  void aLayerThatIsSlowerInBytesIsNamedWithWhatItLoses() {
    Model int8 = dynamic(original);
    OperatorProfile before =
        profile(time(layer("h").name(), "MatMul", 10), time(layer("y").name(), "MatMul", 100));
    OperatorProfile after =
        profile(
            time(maker(int8, "x_q"), "DynamicQuantizeLinear", 4),
            time(maker(int8, "h_int"), "MatMulIntegerToFloat", 12),
            time(maker(int8, "y_int"), "DynamicQuantizeMatMul", 40));
    SlowFinder finder = new SlowFinder(original, int8, before, after);
    finder.layers();
    assertThat(finder.causes()).hasSize(1);
    Slowness.Cause cause = finder.causes().getFirst();
    assertThat(cause.kind()).isEqualTo(Slowness.Kind.TOO_SMALL);
    assertThat(cause.layer()).isEqualTo(layer("h").name());
    assertThat(cause.cost()).isEqualTo(Duration.ofNanos(6_000));
    assertThat(cause.what()).contains("16 µs", "10 µs");
    assertThat(Slowness.exclude(finder.causes())).containsExactly(layer("h").name());
  }

  @Test
  void anIntegerProductThatIsNotFusedCountsWithItsScaling() {
    Model int8 = dynamic(original);
    String product = maker(int8, "h_int");
    SlowFinder finder =
        new SlowFinder(
            original,
            int8,
            profile(time(layer("h").name(), "MatMul", 100)),
            profile(
                time(product, "MatMulInteger", 20),
                time(maker(int8, "h_f"), "Cast", 5),
                time(maker(int8, "h_scaled"), "Mul", 7)));
    finder.layers();
    assertThat(finder.causes()).hasSize(1);
    Slowness.Cause cause = finder.causes().getFirst();
    assertThat(cause.kind()).isEqualTo(Slowness.Kind.UNFUSED);
    assertThat(cause.node()).isEqualTo(product);
    assertThat(cause.layer()).isEqualTo(layer("h").name());
    assertThat(cause.cost()).isEqualTo(Duration.ofNanos(32_000));
  }

  @Test
  void threadsThatHelpLessThanTheyHelpedTheOriginalAreTold() {
    OperatorProfile one = profile(time("m", "MatMul", 100));
    SlowFinder finder = new SlowFinder(original, dynamic(original), one, one);
    OperatorProfile half = profile(time("m", "MatMul", 50));
    OperatorProfile stuck = profile(time("q", "MatMulIntegerToFloat", 95));
    finder.threads(2, half, stuck, one, profile(time("q", "MatMulIntegerToFloat", 100)));
    assertThat(finder.causes()).hasSize(1);
    Slowness.Cause cause = finder.causes().getFirst();
    assertThat(cause.kind()).isEqualTo(Slowness.Kind.THREADS);
    assertThat(cause.what()).contains("1.05 times", "2.00 times", "MatMulIntegerToFloat 95 µs");
    assertThat(cause.cost()).isEqualTo(Duration.ofNanos(45_000));
    assertThat(Slowness.exclude(finder.causes())).isEmpty();
  }

  @Test
  void aWeightThatIsDequantizedInEachRunIsToldWithItsLayer() {
    byte[] bytes = new byte[64 * 64];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (i % 17 - 8);
    }
    GraphBuilder builder = GraphBuilder.opset(17).input("x", DataType.FLOAT, "batch", 64);
    Model weightOnly =
        builder
            .weight("w1_q", Tensor.bytes(DataType.INT8, bytes, 64, 64))
            .weight("scale", Tensor.scalar(0.01f))
            .node("w1_dq", "DequantizeLinear", "w1_q", "scale")
            .node("h", "MatMul", "x", "w1_dq")
            .floats("w2", weights(), 64, 64)
            .node("y", "MatMul", "h", "w2")
            .output("y", DataType.FLOAT, "batch", 64)
            .build();
    SlowFinder finder =
        new SlowFinder(
            original,
            weightOnly,
            profile(time(layer("h").name(), "MatMul", 100)),
            profile(
                time(maker(weightOnly, "w1_dq"), "DequantizeLinear", 30),
                time(maker(weightOnly, "h"), "MatMul", 100)));
    finder.layers();
    Slowness.Cause cause = finder.causes().getFirst();
    assertThat(cause.kind()).isEqualTo(Slowness.Kind.WEIGHT_DEQUANTIZED);
    assertThat(cause.layer()).isEqualTo(layer("h").name());
    assertThat(cause.cost()).isEqualTo(Duration.ofNanos(30_000));
  }

  @Test
  void aDisturbedRunDoesNotCount() {
    OperatorProfile calm = profile(time("m", "MatMul", 10), time("n", "Add", 90));
    OperatorProfile disturbed = profile(time("m", "MatMul", 100), time("n", "Add", 20));
    assertThat(SlowFinder.least(List.of(calm, disturbed)).nodes())
        .extracting(n -> n.perRun().toNanos())
        .containsExactly(10_000L, 20_000L);
  }

  @Test
  void bothModelsAreReallyProfiled() {
    Path a = folder.resolve("a.onnx");
    Path b = folder.resolve("b.onnx");
    original.write(a);
    dynamic(original).write(b);
    List<Map<String, NdArray>> inputs = List.of(Map.of("x", NdArray.floats(new float[64], 1, 64)));
    Slowness slowness = Slowness.of(a, b, new Row(1, 0, 1), inputs);
    assertThat(slowness.timeA()).isPositive();
    assertThat(slowness.timeB()).isPositive();
    assertThat(List.of(layer("h").name(), layer("y").name())).containsAll(slowness.exclude());
  }

  @Test
  void theSearchTriesTheCandidateWithoutItsSlowLayers() {
    Workload workload = Searches.workload(Objective.LATENCY);
    Slowness.Cause cause =
        new Slowness.Cause(
            Slowness.Kind.TOO_SMALL, "n", "small/MatMul", Duration.ofNanos(5), "what", "remedy");
    FakeRunner runner =
        new FakeRunner(workload, Map.of("t1", FakeRunner.Outcome.GOOD.faster(0.8)))
            .slowFor("t1", cause);
    Study.Planned planned =
        new Study.Planned(
            "t1", "int8", List.of(new Step("dynamic-int8", Map.of("clip", "mse"))), "because");
    Search.Found found =
        Searches.run(workload, runner, List.of(planned), folder.resolve("journal"), Progress.NONE);
    assertThat(found.trials()).extracting(Trial::id).containsExactly("t1", "t1-fast");
    assertThat(found.trials().getFirst().slow()).containsExactly(cause);
    Trial without = found.trials().getLast();
    assertThat(without.label()).isEqualTo("int8 without the slow layers");
    assertThat(without.recipe())
        .containsExactly(
            new Step("dynamic-int8", Map.of("clip", "mse", "exclude", List.of("small/MatMul"))));
    assertThat(java.util.Objects.requireNonNull(found.chosen()).id()).isEqualTo("t1-fast");
    // The same journal leads to the same choice, and nothing is measured again.
    int asked = runner.asked.size();
    Searches.run(workload, runner, List.of(planned), folder.resolve("journal"), Progress.NONE);
    assertThat(runner.asked).hasSize(asked);
  }
}
