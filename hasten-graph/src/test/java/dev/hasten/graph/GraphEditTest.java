package dev.hasten.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GraphEditTest {

  @Test
  void valuesKnowProducerAndUsersInNestedGraphs() {
    Graph graph = TestModels.small().graph();
    Value sum = graph.value("sum");
    assertThat(sum.producer()).isNotNull();
    assertThat(sum.users()).extracting(u -> u.node().opType()).containsExactly("Softmax", "Neg");
    assertThat(sum.users()).allSatisfy(u -> assertThat(u.node().graph()).isNotSameAs(graph));
  }

  @Test
  void graphOutputsKeepTheirNames() {
    Model model =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, 2)
            .node("a", "Neg", "x")
            .node("b", "Identity", "a")
            .output("b", DataType.FLOAT, 2)
            .build();
    Graph graph = model.graph();
    Value a = graph.value("a");
    assertThat(graph.takesOver(graph.value("b"), a)).isTrue();
    graph.replaceUses(graph.value("b"), a);
    assertThat(graph.removeDead()).isEqualTo(1);
    model.validate();
    assertThat(graph.outputs()).containsExactly(a);
    assertThat(a.name()).isEqualTo("b");
  }

  @Test
  void anInputCannotTakeAnOutputsName() {
    Model model =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, 2)
            .node("y", "Neg", "x")
            .output("y", DataType.FLOAT, 2)
            .build();
    Graph graph = model.graph();
    assertThat(graph.takesOver(graph.value("y"), graph.value("x"))).isFalse();
    graph.replaceUses(graph.value("y"), graph.value("x"));
    graph.removeDead();
    model.validate();
    assertThat(graph.nodes()).extracting(Node::opType).containsExactly("Identity");
    assertThat(graph.outputs().getFirst().name()).isEqualTo("y");
    assertThat(graph.inputs().getFirst().name()).isEqualTo("x");
  }

  @Test
  void nodesStayInOrderWhenANewOneFeedsAnOldOne() {
    Model model = TestModels.small();
    Graph graph = model.graph();
    Value product = graph.value("product");
    Value scaled = graph.op("scaled", "Mul", List.of(product, product), Map.of());
    Node mul = scaled.producer();
    graph.replaceUses(product, scaled, use -> use.node() != mul);
    model.validate();
    assertThat(graph.nodes())
        .extracting(Node::opType)
        .containsExactly("MatMul", "Mul", "Add", "If");
  }

  @Test
  void cyclesStrangersAndUsedNodesAreRefused() {
    Model model = TestModels.small();
    Graph graph = model.graph();
    Node product = graph.nodes().getFirst();
    assertThatThrownBy(() -> graph.setInput(product, 0, graph.value("sum")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no cycle");
    assertThatThrownBy(() -> graph.setInput(product, 0, TestModels.small().graph().value("x")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> graph.remove(product))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("product");
    Value inner = graph.nodes().getLast().subgraphs().getFirst().value("t");
    assertThatThrownBy(() -> graph.setInput(product, 0, inner))
        .isInstanceOf(IllegalArgumentException.class);
    model.validate();
  }

  @Test
  void removingANodeForgetsWhatItsSubgraphsUse() {
    Model model = TestModels.small();
    Graph graph = model.graph();
    Value sum = graph.value("sum");
    graph.replaceUses(graph.value("branched"), sum);
    graph.removeDead();
    model.validate();
    assertThat(sum.users()).isEmpty();
    assertThat(graph.outputs().getFirst().name()).isEqualTo("branched");
    assertThat(graph.allNodes()).extracting(Node::opType).containsExactly("MatMul", "Add");
  }

  @Test
  void aCopyIsIndependentAndSharesTensors() {
    Model model = TestModels.small();
    String before = model.fingerprint();
    Model copy = model.copy();
    assertThat(copy.fingerprint()).isEqualTo(before);
    assertThat(copy.graph().value("w").constant()).isSameAs(model.graph().value("w").constant());
    copy.graph().replaceUses(copy.graph().value("sum"), copy.graph().value("product"));
    copy.graph().removeDead();
    copy.setOpset("", 18);
    copy.setMetadata("k", "v");
    assertThat(model.fingerprint()).isEqualTo(before);
    assertThat(model.metadata()).isEmpty();
    assertThat(copy.fingerprint()).isNotEqualTo(before);
  }

  /** Whatever is done to a graph through its API, it stays valid and survives the file. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void randomEditsKeepRandomGraphsValid(int seed) {
    Random random = new Random(seed);
    for (int round = 0; round < 25; round++) {
      Model model = random(random);
      Graph graph = model.graph();
      for (int step = 0; step < 40; step++) {
        edit(graph, random);
        model.validate();
      }
      List<String> outputs = graph.outputs().stream().map(Value::name).toList();
      graph.removeDead();
      model.validate();
      assertThat(outputs).contains("result");
      Model again = Model.read(model.toBytes(), "again");
      again.validate();
      assertThat(again.fingerprint()).isEqualTo(model.fingerprint());
      assertThat(model.copy().fingerprint()).isEqualTo(model.fingerprint());
    }
  }

  private static Model random(Random random) {
    Model model = Model.create(17);
    Graph graph = model.graph();
    Shape shape = Shape.of("n");
    Value flag = graph.addInput("flag", DataType.BOOL, Shape.SCALAR);
    List<Value> values = new ArrayList<>();
    values.add(graph.addInput("x", DataType.FLOAT, shape));
    values.add(graph.addInitializer("w", Tensor.scalar(2f)));
    for (int i = 0; i < 12; i++) {
      Value a = values.get(random.nextInt(values.size()));
      Value b = values.get(random.nextInt(values.size()));
      if (random.nextInt(4) == 0) {
        Graph yes = graph.subgraph("yes");
        yes.addOutput(yes.op("v", "Add", List.of(a, b), Map.of()));
        Graph no = graph.subgraph("no");
        no.addOutput(no.op("v", "Neg", List.of(b), Map.of()));
        values.add(
            graph.op(
                "v",
                "If",
                List.of(flag),
                Map.of("then_branch", Attribute.of(yes), "else_branch", Attribute.of(no))));
      } else {
        values.add(graph.op("v", "Add", List.of(a, b), Map.of()));
      }
    }
    graph.addOutput(graph.op("result", "Neg", List.of(values.getLast()), Map.of()));
    return model;
  }

  private static void edit(Graph graph, Random random) {
    List<Node> nodes = graph.allNodes();
    Node node = nodes.get(random.nextInt(nodes.size()));
    Graph at = node.graph();
    List<Value> values = new ArrayList<>(graph.values());
    values.addAll(at.values());
    values.removeIf(v -> v.name().equals("flag"));
    Value value = values.get(random.nextInt(values.size()));
    try {
      switch (random.nextInt(6)) {
        case 0 -> at.setInput(node, 0, value);
        case 1 -> at.replaceUses(node.output(), value);
        case 2 -> at.op("added", "Mul", List.of(value, node.output()), Map.of());
        case 3 -> at.remove(node);
        case 4 -> {
          Value made = at.op("wrapped", "Neg", List.of(node.output()), Map.of());
          at.replaceUses(node.output(), made, use -> use.node() != made.producer());
        }
        default -> at.addInitializer("c", Tensor.scalar(1f));
      }
    } catch (IllegalArgumentException refused) {
      // Refused edits must leave the graph as it was: validated by the caller.
    }
  }
}
