package dev.hasten.compress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class EqualizeTest {
  private final Context context = Context.of(Sentences.VNNI);

  private Applied apply(Model model, Object... settings) {
    Applied applied = Step.of("equalize", settings).create().apply(model, context);
    applied.model().validate();
    return applied;
  }

  private static float[] run(Model model, long seed) {
    Map<String, NdArray> inputs = SmallNets.input(model, 2, seed);
    try (Session session = Backend.cpu().open(model.toBytes(), "test", SessionOptions.defaults())) {
      return session.run(inputs).values().iterator().next().toFloats();
    }
  }

  private static void assertEqualOutputs(Model before, Model after) {
    for (long seed = 1; seed <= 3; seed++) {
      float[] expected = run(before, seed);
      float[] actual = run(after, seed);
      double largest = 0;
      for (float y : expected) {
        largest = Math.max(largest, Math.abs(y));
      }
      for (int i = 0; i < expected.length; i++) {
        assertThat((double) actual[i]).isCloseTo(expected[i], within(1e-5 * largest));
      }
    }
  }

  /** max|W| by output channel of the layer that makes {@code name}'s input, as ONNX has it. */
  private static double[] outputRanges(Model model, String name) {
    return Layer.of(node(model, name)).outputRanges();
  }

  private static Node node(Model model, String output) {
    return SmallNets.producer(model.graph().value(output));
  }

  @Test
  void bothEndsOfEachChannelBecomeEquallyLarge() {
    SmallNets net = new SmallNets(1);
    Value h = net.op("Relu", net.conv(net.image(3), 3, 6, 3, 1));
    net.output(net.conv(h, 6, 4, 1, 1));
    Model model = net.model();
    Applied applied = apply(model);
    assertThat(applied.changes()).hasSize(1);
    List<Node> convs = applied.model().graph().nodes().stream().filter(n -> n.is("Conv")).toList();
    double[] out = Layer.of(convs.getFirst()).outputRanges();
    double[] in = Layer.of(convs.getLast()).inputRanges();
    Layer first = Layer.of(model.graph().nodes().getFirst());
    Layer last = Layer.of(model.graph().nodes().getLast());
    for (int c = 0; c < out.length; c++) {
      assertThat(out[c]).isCloseTo(in[c], within(1e-3 * out[c]));
      double expected = Math.sqrt(first.outputRanges()[c] * last.inputRanges()[c]);
      assertThat(out[c])
          .as("formula (11) of the paper")
          .isCloseTo(expected, within(1e-3 * expected));
    }
    assertEqualOutputs(model, applied.model());
  }

  @Property(tries = 40, seed = "42")
  void randomNetsKeepTheirOutputs(@ForAll long seed) {
    Model model = SmallNets.random(seed);
    String before = model.fingerprint();
    Applied applied = apply(model);
    assertThat(model.fingerprint()).as("the model given is untouched").isEqualTo(before);
    assertEqualOutputs(model, applied.model());
    assertThat(apply(applied.model()).changes()).as("idempotent").isEmpty();
    Model reread = Model.read(applied.model().toBytes(), "again");
    assertThat(reread.fingerprint()).isEqualTo(applied.model().fingerprint());
  }

  @Test
  void depthwisePairsShareOneRangeInTheEnd() {
    SmallNets net = new SmallNets(3);
    Value x = net.op("Relu", net.conv(net.image(3), 3, 8, 1, 1));
    x = net.op("Relu", net.conv(x, 8, 8, 3, 8));
    net.output(net.conv(x, 8, 5, 1, 1));
    Model model = net.model();
    Applied applied = apply(model);
    assertThat(applied.changes()).hasSize(2);
    assertEqualOutputs(model, applied.model());
    Model after = applied.model();
    List<Layer> layers =
        after.graph().nodes().stream().filter(Layer::isOne).map(Layer::of).toList();
    for (int c = 0; c < 8; c++) {
      double middle = layers.get(1).outputRanges()[c];
      assertThat(layers.get(0).outputRanges()[c]).isCloseTo(middle, within(1e-3 * middle));
      assertThat(layers.get(2).inputRanges()[c]).isCloseTo(middle, within(1e-3 * middle));
    }
  }

  @Test
  void boundsBecomeOnePerChannel() {
    for (long opset : new long[] {9, 17}) {
      SmallNets net = new SmallNets(5, opset);
      Value h = net.clip(net.conv(net.image(3), 3, 6, 3, 1), 0f, 1.5f);
      h = net.clip(net.conv(h, 6, 6, 3, 6), -0.5f, 0.75f);
      net.output(net.conv(h, 6, 4, 1, 1));
      Model model = net.model();
      Applied applied = apply(model);
      assertThat(applied.changes()).hasSize(2);
      assertThat(applied.model().graph().nodes().stream().map(Node::opType)).doesNotContain("Clip");
      assertEqualOutputs(model, applied.model());
      assertThat(apply(applied.model()).changes()).isEmpty();
      assertThat(apply(model, "clips", false).refusals())
          .anySatisfy(r -> assertThat(r.reason()).contains("bounded by Clip"));
    }
  }

  @Test
  void feedForwardOfATransformer() {
    SmallNets net = new SmallNets(7);
    Value x = net.rows(12);
    Value h = net.op("Relu", net.add(net.matMul(x, 12, 24), 24));
    net.output(net.add(net.matMul(h, 24, 12), 12));
    Model model = net.model();
    Applied applied = apply(model);
    assertThat(applied.changes()).hasSize(1);
    assertEqualOutputs(model, applied.model());
  }

  @Test
  void aDeadChannelIsLeftAlone() {
    SmallNets net = new SmallNets(9);
    Value conv = net.conv(net.image(3), 3, 6, 1, 1);
    Tensor weight = Targets.constant(SmallNets.producer(conv).input(1));
    float[] w = weight.toFloats();
    Arrays.fill(w, 0, 3, 1e-9f);
    net.graph().setInitializer(SmallNets.producer(conv).input(1), Tensor.floats(w, 6, 3, 1, 1));
    net.output(net.conv(net.op("Relu", conv), 6, 4, 1, 1));
    Model model = net.model();
    Applied applied = apply(model);
    assertEqualOutputs(model, applied.model());
    assertThat(outputRanges(applied.model(), conv.name())[0]).isCloseTo(1e-9, within(1e-12));
    assertThat(outputRanges(applied.model(), conv.name())[1])
        .isNotEqualTo(outputRanges(model, conv.name())[1]);
  }

  @Test
  void refusesWithTheReason() {
    SmallNets output = new SmallNets(11);
    Value h = output.op("Relu", output.conv(output.image(3), 3, 6, 1, 1));
    output.output(h);
    output.output(output.conv(h, 6, 4, 1, 1));
    assertRefused(output.model(), "'" + h.name() + "' is an output of the model");

    SmallNets sigmoid = new SmallNets(12);
    h = sigmoid.op("Sigmoid", sigmoid.conv(sigmoid.image(3), 3, 6, 1, 1));
    sigmoid.output(sigmoid.conv(h, 6, 4, 1, 1));
    assertRefused(sigmoid.model(), "is read by Sigmoid");

    SmallNets elsewhere = new SmallNets(13);
    h = elsewhere.op("Relu", elsewhere.conv(elsewhere.image(3), 3, 6, 1, 1));
    Value branch = elsewhere.conv(h, 6, 6, 1, 1);
    elsewhere.output(elsewhere.graph().op("sum", "Add", List.of(h, branch), Map.of()));
    assertRefused(elsewhere.model(), "'" + h.name() + "' is read by Add");

    SmallNets normalized = new SmallNets(14);
    h = normalized.batchNorm(normalized.conv(normalized.image(3), 3, 6, 1, 1), 6);
    normalized.output(normalized.conv(h, 6, 4, 1, 1));
    assertRefused(normalized.model(), "put 'simplify' before");
    Model folded = Step.of("simplify").create().apply(normalized.model(), context).model();
    assertThat(apply(folded).changes()).hasSize(1);

    SmallNets shared = new SmallNets(15);
    h = shared.conv(shared.image(3), 3, 3, 1, 1);
    Value again =
        shared.graph().op("again", "Conv", List.of(h, SmallNets.producer(h).input(1)), Map.of());
    shared.output(again);
    assertRefused(shared.model(), "is read elsewhere too");

    SmallNets excluded = new SmallNets(16);
    excluded.output(
        excluded.conv(
            excluded.op("Relu", excluded.conv(excluded.image(3), 3, 6, 1, 1)), 6, 4, 1, 1));
    assertThat(apply(excluded.model(), "exclude", List.of("*")).refusals())
        .allSatisfy(r -> assertThat(r.reason()).contains("excluded by the recipe"));
  }

  private void assertRefused(Model model, String reason) {
    Applied applied = apply(model);
    assertThat(applied.changes()).isEmpty();
    assertThat(applied.refusals()).anySatisfy(r -> assertThat(r.reason()).contains(reason));
  }
}
