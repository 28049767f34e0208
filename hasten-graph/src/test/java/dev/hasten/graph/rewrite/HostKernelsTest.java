package dev.hasten.graph.rewrite;

import static dev.hasten.graph.DataType.FLOAT;
import static dev.hasten.graph.rewrite.RewriteAssert.assertThatRule;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is folded on the host is what ONNX Runtime computes. */
class HostKernelsTest {
  private static GraphBuilder graph(Random random) {
    return GraphBuilder.opset(17)
        .input("x", FLOAT)
        .floats("a", Tensors.gaussian(24, random), 2, 3, 4)
        .floats("b", Tensors.gaussian(12, random), 3, 4);
  }

  /** Folded away entirely but for the sum with the input, which makes it a model. */
  private static void folds(GraphBuilder graph, double relative) {
    Model model = graph.node("y", "Add", "c", "x").outputs("y").build();
    RewriteAssert rewritten = assertThatRule(new FoldConstants()).on(model);
    assertThat(rewritten.result().model().graph().nodes())
        .extracting(Node::opType)
        .containsExactly("Add");
    rewritten.isIdempotent().staysWithin(relative);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Exp", "Sin", "Cos", "Tanh", "Sigmoid", "Sign", "Round", "Log", "Floor"})
  void functionsOfReals(String opType) {
    folds(graph(new Random(3)).node("c", opType, "a"), 1e-6);
  }

  @Property(tries = 10, seed = "42")
  void powers(@ForAll long seed) {
    Random random = new Random(seed);
    folds(
        graph(random)
            .node("abs", "Abs", "a")
            .weight("e", Tensor.scalar(random.nextInt(5) - 1.5f))
            .node("c", "Pow", "abs", "e"),
        1e-6);
  }

  @Test
  void products() {
    folds(
        graph(new Random(4))
            .floats("w", Tensors.gaussian(8, 5), 1, 4, 2)
            .node("c", "MatMul", "a", "w"),
        1e-6);
  }

  @Property(tries = 10, seed = "42")
  void fillings(@ForAll long seed) {
    Random random = new Random(seed);
    GraphBuilder graph = graph(random);
    switch (random.nextInt(3)) {
      case 0 ->
          graph.longs("r", 1 + random.nextInt(3), random.nextInt(3), 2).node("c", "Tile", "a", "r");
      case 1 ->
          graph
              .longs("p", 0, random.nextInt(3), 1, random.nextInt(2), 0, 2)
              .weight("v", Tensor.scalar(1.5f))
              .node("c", "Pad", "a", "p", "v");
      default ->
          graph
              .weight("k", Tensor.scalar(random.nextInt(5) - 2L))
              .node("c", "Trilu", "b", "k")
              .attribute("upper", random.nextInt(2));
    }
    folds(graph, 0);
  }

  @Property(tries = 10, seed = "42")
  void remaindersOfIntegers(@ForAll long seed) {
    Random random = new Random(seed);
    long[] numbers = random.longs(6, -20, 20).toArray();
    long[] divisors = random.longs(6, 1, 7).map(n -> random.nextBoolean() ? n : -n).toArray();
    folds(
        GraphBuilder.opset(17)
            .input("x", FLOAT)
            .longs("a", numbers)
            .longs("b", divisors)
            .node("m", "Mod", "a", "b")
            .attribute("fmod", random.nextInt(2))
            .node("c", "Cast", "m")
            .attribute("to", DataType.FLOAT.onnx()),
        0);
  }

  /** The runtime may leave out a rounding between two of its steps. */
  @Test
  void halfPrecisionRoundsEachStep() {
    folds(
        GraphBuilder.opset(17)
            .input("x", FLOAT)
            .floats("a", Tensors.gaussian(64, 1), 64)
            .floats("b", Tensors.gaussian(64, 2), 64)
            .node("h", "Cast", "a")
            .attribute("to", DataType.FLOAT16.onnx())
            .node("i", "Cast", "b")
            .attribute("to", DataType.FLOAT16.onnx())
            .node("p", "Mul", "h", "i")
            .node("c", "Cast", "p")
            .attribute("to", DataType.FLOAT.onnx()),
        1e-3);
  }

  /** Each slice would be a copy of a part of a large weight; joined they are as large as before. */
  @Test
  void slicesThatAreJoinedAgainFoldAsAWhole() {
    int n = 64 * 1024;
    Model model =
        GraphBuilder.opset(17)
            .input("x", FLOAT)
            .floats("w", Tensors.gaussian(n, 1), n)
            .longs("zero", 0)
            .longs("half", n / 2)
            .longs("end", n)
            .node("p", "Slice", "w", "zero", "half")
            .node("q", "Slice", "w", "half", "end")
            .node("c", "Concat", "q", "p")
            .attribute("axis", 0)
            .node("y", "Add", "c", "x")
            .outputs("y")
            .build();
    assertThatRule(new FoldConstants())
        .on(model)
        .rewritesTo("Add")
        .isIdempotent()
        .preservesOutputs(0);
  }

  @Test
  void aPartOfAWeightThatStaysIsNotCopied() {
    int n = 64 * 1024;
    Model model =
        GraphBuilder.opset(17)
            .input("x", FLOAT)
            .floats("w", Tensors.gaussian(n, 1), n)
            .longs("zero", 0)
            .longs("half", n / 2)
            .node("p", "Slice", "w", "zero", "half")
            .node("y", "Add", "p", "x")
            .node("z", "Add", "w", "x")
            .outputs("y", "z")
            .build();
    assertThatRule(new FoldConstants()).on(model).refuses("would take 131072 bytes");
  }
}
