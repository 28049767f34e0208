package dev.hasten.study.blocks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.measure.OperatorProfile;
import dev.hasten.measure.OperatorProfile.NodeTime;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BlocksTest {
  /** A head, {@code layers} times (MatMul, Relu, Add), a tail; names only if {@code scoped}. */
  private static Model tower(int layers, boolean scoped) {
    GraphBuilder builder =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, "batch", 4)
            .floats("w", new float[16], 4, 4)
            .node("h", "Sigmoid", "x");
    String from = "h";
    for (int i = 0; i < layers; i++) {
      builder
          .floats("w" + i, new float[16], 4, 4)
          .node("m" + i, "MatMul", from, "w" + i)
          .node("r" + i, "Relu", "m" + i)
          .node("a" + i, "Add", "r" + i, from);
      from = "a" + i;
    }
    Model model = builder.node("y", "Tanh", from).outputs("y").build();
    if (scoped) {
      for (Node node : model.graph().nodes()) {
        String output = node.output().name();
        String scope =
            output.matches("[mra]\\d+") ? "/body/layer." + output.substring(1) + "/inner/" : "/";
        model.graph().rename(node, scope + node.opType());
      }
    }
    return model;
  }

  @Test
  void scopesWithNumbersAreBlocks() {
    Blocks blocks = Blocks.of(tower(3, true).graph());
    assertThat(blocks.all())
        .extracting(Block::name)
        .containsExactly("/body/layer.0", "/body/layer.1", "/body/layer.2");
    assertThat(blocks.all()).extracting(Block::family).containsOnly("/body/layer.*");
    assertThat(blocks.all()).allSatisfy(b -> assertThat(b.nodes()).hasSize(3));
  }

  @Test
  void withoutNamesTheRepeatedStructureIs() {
    Model model = tower(5, false);
    Blocks blocks = Blocks.of(model.graph());
    assertThat(blocks.all())
        .extracting(Block::name)
        .containsExactly("A 1", "A 2", "A 3", "A 4", "A 5");
    assertThat(blocks.all().get(2).nodes())
        .extracting(Node::opType)
        .containsExactly("MatMul", "Relu", "Add");
    assertThat(blocks.of(model.graph().nodes().getFirst())).isEmpty();
  }

  @Test
  void weightsOfOtherShapesAreNoRepetition() {
    Model model =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, "batch", 4)
            .floats("w1", new float[12], 4, 3)
            .floats("w2", new float[6], 3, 2)
            .node("a", "MatMul", "x", "w1")
            .node("b", "Relu", "a")
            .node("c", "MatMul", "b", "w2")
            .node("d", "Relu", "c")
            .outputs("d")
            .build();
    assertThat(Blocks.of(model.graph()).all()).isEmpty();
  }

  @Test
  void timeGoesToTheBlockWhoseNodeOrOutputTheNameBeginsWith() {
    Model model = tower(2, true);
    OperatorProfile profile =
        new OperatorProfile(
            1,
            Duration.ofNanos(1_000),
            List.of(),
            List.of(
                time("/Sigmoid", 0, 100),
                time("/body/layer.0/inner/MatMul/MatMulAddFusion", 1, 200),
                time("FusedThing", 2, 50),
                time("m1_nchwc", 3, 300),
                time("/Tanh", 4, 350)));
    List<BlockCost> costs = BlockCosts.of(model, Blocks.of(model.graph()), profile);
    assertThat(costs)
        .extracting(BlockCost::name, c -> c.perRun().toNanos(), BlockCost::parameters)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("/body/layer.0", 250L, 16L),
            org.assertj.core.groups.Tuple.tuple("/body/layer.1", 300L, 16L),
            org.assertj.core.groups.Tuple.tuple("(other)", 450L, 0L));
    assertThat(costs.stream().mapToDouble(BlockCost::share).sum()).isCloseTo(1, within(1e-9));
  }

  private static NodeTime time(String node, int order, long nanos) {
    return new NodeTime(node, "", Duration.ofNanos(nanos), 0, List.of(), List.of(), order);
  }

  @Test
  void activationsAreFreedAfterTheirLastReader() {
    // x [8] → a [8] → b [8], both needed by c [8]; a view in between costs nothing.
    Model model =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, "n")
            .longs("to", -1, 1)
            .node("a", "Relu", "x")
            .node("v", "Reshape", "a", "to")
            .node("b", "Exp", "v")
            .node("c", "Add", "b", "v")
            .node("d", "Neg", "c")
            .outputs("d")
            .build();
    OperatorProfile nothing = new OperatorProfile(1, Duration.ZERO, List.of(), List.of());
    Activations found = Activations.of(model, Map.of("x", List.of(8L)), nothing);
    // At c: a (through its view), b and c are alive.
    assertThat(found.peakBytes()).isEqualTo(3 * 8 * 4);
    assertThat(found.at()).startsWith("c");
    assertThat(found.allBytes()).isEqualTo(4 * 8 * 4);
    assertThat(found.unknown()).isZero();
  }

  @Test
  void constantsAreNoActivations() {
    Model model =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, 2)
            .weight("w", Tensor.floats(new float[1000], 1000))
            .node("y", "Concat", "x", "w")
            .attribute("axis", 0)
            .outputs("y")
            .build();
    OperatorProfile nothing = new OperatorProfile(1, Duration.ZERO, List.of(), List.of());
    assertThat(Activations.of(model, Map.of("x", List.of(2L)), nothing).peakBytes())
        .isEqualTo(4 * (2 + 1002));
  }
}
