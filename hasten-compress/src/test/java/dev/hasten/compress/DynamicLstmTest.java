package dev.hasten.compress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.graph.Tensor;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DynamicLstmTest {
  private static final int STEPS = 7;
  private static final int BATCH = 3;
  private static final int WIDTH = 20;
  private static final int HIDDEN = 16;
  private final Context context = Context.of(Sentences.VNNI);

  private static float[] random(int count, long seed, double size) {
    Random random = new Random(seed);
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) (random.nextGaussian() * size);
    }
    return numbers;
  }

  /** All of an LSTM: bias, lengths, initial states, peepholes, three outputs. */
  private static Model lstm(String direction, boolean peepholes, float[] w) {
    int d = direction.equals("bidirectional") ? 2 : 1;
    GraphBuilder builder =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, STEPS, BATCH, WIDTH)
            .input("h", DataType.FLOAT, d, BATCH, HIDDEN)
            .input("c", DataType.FLOAT, d, BATCH, HIDDEN)
            .weight("lengths", Tensor.ints(new int[] {STEPS, 4, 1}, BATCH))
            .floats("w", w, d, 4 * HIDDEN, WIDTH)
            .floats("r", random(d * 4 * HIDDEN * HIDDEN, 2, 0.2), d, 4 * HIDDEN, HIDDEN)
            .floats("b", random(d * 8 * HIDDEN, 3, 0.1), d, 8 * HIDDEN);
    if (peepholes) {
      builder.floats("p", random(d * 3 * HIDDEN, 4, 0.2), d, 3 * HIDDEN);
    }
    return builder
        .node(
            "",
            "LSTM",
            List.of("x", "w", "r", "b", "lengths", "h", "c", peepholes ? "p" : ""),
            List.of("y", "yh", "yc"))
        .attribute("hidden_size", HIDDEN)
        .attribute("direction", direction)
        .outputs("y", "yh", "yc")
        .build();
  }

  private static float[] weights(int directions) {
    return random(directions * 4 * HIDDEN * WIDTH, 1, 0.2);
  }

  private static Map<String, NdArray> inputs(int d) {
    return Map.of(
        "x", NdArray.floats(random(STEPS * BATCH * WIDTH, 5, 1), STEPS, BATCH, WIDTH),
        "h", NdArray.floats(random(d * BATCH * HIDDEN, 6, 0.5), d, BATCH, HIDDEN),
        "c", NdArray.floats(random(d * BATCH * HIDDEN, 7, 0.5), d, BATCH, HIDDEN));
  }

  private static void assertClose(Model before, Model after, Map<String, NdArray> inputs) {
    List<float[]> expected = run(before, inputs);
    List<float[]> actual = run(after, inputs);
    assertThat(actual).hasSameSizeAs(expected);
    for (int o = 0; o < expected.size(); o++) {
      for (int i = 0; i < expected.get(o).length; i++) {
        assertThat((double) actual.get(o)[i]).isCloseTo(expected.get(o)[i], within(0.04));
      }
    }
  }

  private static List<float[]> run(Model model, Map<String, NdArray> inputs) {
    try (Session session = Backend.cpu().open(model.toBytes(), "test", SessionOptions.defaults())) {
      return session.run(inputs).values().stream().map(NdArray::toFloats).toList();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "forward,false,per-channel",
    "forward,true,per-tensor",
    "reverse,false,per-tensor",
    "bidirectional,false,per-channel",
    "bidirectional,true,per-channel",
    "bidirectional,false,per-tensor"
  })
  void allOutputsStayWithinTheBound(String direction, boolean peepholes, String granularity) {
    int d = direction.equals("bidirectional") ? 2 : 1;
    Model model = lstm(direction, peepholes, weights(d));
    Step step = Step.of("dynamic-lstm", "granularity", granularity);
    Applied applied = step.create().apply(model, context);
    applied.model().validate();
    assertThat(applied.changes()).hasSize(1);
    Model back = Model.read(applied.model().toBytes(), "written and read");
    assertClose(model, back, inputs(d));
    Applied again = step.create().apply(applied.model(), context);
    assertThat(again.changes()).isEmpty();
    assertThat(again.refusals())
        .anySatisfy(refusal -> assertThat(refusal.reason()).contains("already quantized"));
  }

  @Test
  void nodesInBranchesAreTreatedToo() {
    GraphBuilder builder =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, STEPS, BATCH, WIDTH)
            .input("on", DataType.BOOL)
            .floats("w", weights(1), 1, 4 * HIDDEN, WIDTH)
            .node("z", "If", "on")
            .subgraph(
                "then_branch",
                inner ->
                    inner
                        .floats("r", random(4 * HIDDEN * HIDDEN, 2, 0.2), 1, 4 * HIDDEN, HIDDEN)
                        .node("", "LSTM", List.of("x", "w", "r"), List.of("", "t"))
                        .attribute("hidden_size", HIDDEN)
                        .outputs("t"))
            .subgraph(
                "else_branch",
                inner ->
                    inner
                        .node("e", "Constant")
                        .attribute(
                            "value",
                            new Attribute.TensorAttr(
                                Tensor.floats(new float[BATCH * HIDDEN], 1, BATCH, HIDDEN)))
                        .outputs("e"));
    Model model = builder.output("z", DataType.FLOAT, 1, BATCH, HIDDEN).build();
    Applied applied = Step.of("dynamic-lstm").create().apply(model, context);
    applied.model().validate();
    assertThat(applied.changes()).hasSize(1);
    Map<String, NdArray> inputs =
        Map.of(
            "x", NdArray.floats(random(STEPS * BATCH * WIDTH, 5, 1), STEPS, BATCH, WIDTH),
            "on", NdArray.booleans(new boolean[] {true}));
    assertClose(model, applied.model(), inputs);
  }

  @Test
  void refusesWithNodeAndReason() {
    float[] broken = weights(1);
    broken[0] = Float.NaN;
    assertRefused(lstm("forward", false, broken), "weight contains NaN");
    assertRefused(
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, STEPS, BATCH, WIDTH)
            .floats("w", random(3 * HIDDEN * WIDTH, 1, 1), 1, 3 * HIDDEN, WIDTH)
            .floats("r", random(3 * HIDDEN * HIDDEN, 1, 1), 1, 3 * HIDDEN, HIDDEN)
            .node("y", "GRU", "x", "w", "r")
            .attribute("hidden_size", HIDDEN)
            .outputs("y")
            .build(),
        "no integer kernel for GRU");
    assertRefused(
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, STEPS, BATCH, WIDTH)
            .input("w", DataType.FLOAT, 1, 4 * HIDDEN, WIDTH)
            .floats("r", random(4 * HIDDEN * HIDDEN, 1, 1), 1, 4 * HIDDEN, HIDDEN)
            .node("y", "LSTM", "x", "w", "r")
            .attribute("hidden_size", HIDDEN)
            .outputs("y")
            .build(),
        "weight 'w' is computed");
  }

  private void assertRefused(Model model, String reason) {
    Applied applied = Step.of("dynamic-lstm").create().apply(model, context);
    assertThat(applied.changes()).isEmpty();
    assertThat(applied.refusals())
        .anySatisfy(refusal -> {
          assertThat(refusal.reason()).contains(reason);
          assertThat(refusal.node()).isEqualTo(model.graph().nodes().getFirst().name());
        });
  }
}
