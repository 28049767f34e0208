package dev.hasten.graph.rewrite;

import static dev.hasten.graph.DataType.FLOAT;
import static dev.hasten.graph.rewrite.RewriteAssert.assertThatRule;

import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.graph.Tensor;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Activations and the normalization of language models, as exporters write them out. */
class ActivationRulesTest {
  private static final String SEED = "20240607";
  private static final int N = 6;

  private static GraphBuilder input(long opset) {
    return GraphBuilder.opset(opset).input("x", FLOAT, "batch", "seq", N);
  }

  private static GraphBuilder number(GraphBuilder graph, String name, double value) {
    return graph.weight(name, Tensor.scalar((float) value));
  }

  @Test
  void swish() {
    Model model =
        input(17).node("s", "Sigmoid", "x").node("y", "Mul", "s", "x").outputs("y").build();
    assertThatRule(new FuseSwish())
        .on(model)
        .rewritesTo("QuickGelu")
        .isIdempotent()
        .preservesOutputs(2e-6);
  }

  @Test
  void aSigmoidThatSomebodyElseReadsStays() {
    assertThatRule(new FuseSwish())
        .on(
            input(17)
                .node("s", "Sigmoid", "x")
                .node("y", "Mul", "s", "x")
                .outputs("y", "s")
                .build())
        .refuses("its part s is used elsewhere");
  }

  @Test
  void mish() {
    assertThatRule(new FuseMish())
        .on(mish(18))
        .rewritesTo("Mish")
        .isIdempotent()
        .preservesOutputs(2e-6);
    assertThatRule(new FuseMish()).on(mish(17)).refuses("needs opset 18");
  }

  private static Model mish(long opset) {
    return input(opset)
        .node("p", "Softplus", "x")
        .node("t", "Tanh", "p")
        .node("y", "Mul", "x", "t")
        .outputs("y")
        .build();
  }

  @Property(tries = 6, seed = SEED)
  void hardSwish(@ForAll long seed) {
    int form = (int) Math.floorMod(seed, 3L);
    GraphBuilder graph = input(14);
    number(number(number(number(graph, "three", 3), "zero", 0), "six", 6), "sixth", 1.0 / 6);
    graph.node("a", "Add", "x", "three").node("c", "Clip", "a", "zero", "six");
    switch (form) {
      case 0 -> graph.node("d", "Div", "c", "six").node("y", "Mul", "x", "d");
      case 1 -> graph.node("m", "Mul", "c", "x").node("y", "Div", "m", "six");
      default -> graph.node("d", "Mul", "sixth", "c").node("y", "Mul", "d", "x");
    }
    assertThatRule(new FuseHardSwish())
        .on(graph.outputs("y").build())
        .rewritesTo("HardSwish")
        .isIdempotent()
        .preservesOutputs(2e-6);
  }

  @Property(tries = 8, seed = SEED)
  void tanhGelu(@ForAll long seed, @ForAll boolean recent) {
    Random random = new Random(seed);
    GraphBuilder graph = input(recent ? 20 : 17);
    number(number(graph, "third", 3), "cubic", 0.044715);
    number(number(number(graph, "root", Math.sqrt(2 / Math.PI)), "one", 1), "half", 0.5);
    if (random.nextBoolean()) {
      graph.node("cube", "Pow", "x", "third");
    } else {
      graph.node("square", "Mul", "x", "x").node("cube", "Mul", "square", "x");
    }
    graph
        .node("c", "Mul", "cubic", "cube")
        .node("s", "Add", "x", "c")
        .node("r", "Mul", "s", "root")
        .node("t", "Tanh", "r")
        .node("gate", "Add", "t", "one");
    if (random.nextBoolean()) {
      graph.node("h", "Mul", "x", "half").node("y", "Mul", "h", "gate");
    } else {
      graph.node("h", "Mul", "x", "gate").node("y", "Mul", "h", "half");
    }
    assertThatRule(new FuseTanhGelu())
        .on(graph.outputs("y").build())
        .rewritesTo(recent ? "Gelu" : "FastGelu")
        .isIdempotent()
        .preservesOutputs(4e-6);
  }

  private static GraphBuilder rms(long opset, int form, long axis) {
    GraphBuilder graph = input(opset);
    number(number(number(graph, "two", 2), "eps", 1e-6), "one", 1);
    graph = form % 2 == 0 ? graph.node("sq", "Pow", "x", "two") : graph.node("sq", "Mul", "x", "x");
    if (opset >= 18) {
      graph.longs("axes", axis).node("m", "ReduceMean", "sq", "axes");
    } else {
      graph.node("m", "ReduceMean", "sq").ints("axes", axis);
    }
    graph.node("e", "Add", "m", "eps").node("root", "Sqrt", "e");
    switch (form) {
      case 0 -> graph.node("normal", "Div", "x", "root");
      case 1 -> graph.node("i", "Reciprocal", "root").node("normal", "Mul", "i", "x");
      default -> graph.node("i", "Div", "one", "root").node("normal", "Mul", "x", "i");
    }
    return graph.floats("gamma", Tensors.gaussian(N, 5), N).node("y", "Mul", "gamma", "normal");
  }

  @Property(tries = 9, seed = SEED)
  void rmsNormalization(@ForAll long seed) {
    int form = (int) Math.floorMod(seed, 3L);
    long opset = new long[] {17, 18, 23}[(int) Math.floorMod(seed / 3, 3L)];
    assertThatRule(new FuseRmsNormalization())
        .on(rms(opset, form, -1).outputs("y").build())
        .rewritesTo(opset == 23 ? "RMSNormalization" : "SimplifiedLayerNormalization")
        .isIdempotent()
        .preservesOutputs(4e-6);
  }

  @Test
  void aMeanOverAnotherAxisStays() {
    assertThatRule(new FuseRmsNormalization())
        .on(rms(17, 0, 1).outputs("y").build())
        .refuses("not over the last axis alone");
  }
}
