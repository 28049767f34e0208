package dev.hasten.graph.rewrite;

import static dev.hasten.graph.DataType.FLOAT;
import static dev.hasten.graph.DataType.INT64;
import static dev.hasten.graph.rewrite.RewriteAssert.assertThatRule;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.graph.Tensor;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Changes of shape, slices, padding, and shapes that are computed. */
class MovementRulesTest {
  private static final String SEED = "20240607";

  private static GraphBuilder input() {
    return GraphBuilder.opset(17).input("x", FLOAT, "n", 3, 4, 5);
  }

  /**
   * Chains of up to five changes of shape of {@code [n,3,4,5]}, each valid whatever came before.
   */
  @Property(tries = 40, seed = SEED)
  void changesOfShapeMerge(@ForAll long seed) {
    Random random = new Random(seed);
    GraphBuilder graph =
        input()
            .longs("first", 0)
            .longs("second", 1)
            .longs("cut", 0, 2, 6, 5)
            .longs("rows", -1, 60)
            .longs("matrix", 0, -1);
    String at = "x";
    int steps = 2 + random.nextInt(4);
    for (int i = 0; i < steps; i++) {
      String next = "s" + i;
      switch (random.nextInt(6)) {
        case 0 -> {
          graph.node(next + "u", "Unsqueeze", at, "second");
          graph.node(next, "Squeeze", next + "u", "second");
        }
        case 1 -> graph.node(next, "Flatten", at);
        case 2 -> graph.node(next, "Reshape", at, "rows");
        case 3 -> graph.node(next, "Reshape", at, "matrix");
        case 4 -> {
          graph.node(next + "u", "Unsqueeze", at, "first");
          graph.node(next, "Squeeze", next + "u", "first");
        }
        default -> graph.node(next, "Flatten", at).attribute("axis", 1);
      }
      at = next;
    }
    graph.node("z", "Reshape", at, "cut").node("y", "Neg", "z");
    RewriteAssert rewritten =
        assertThatRule(new MergeReshapes(), new DropIdentities()).on(graph.outputs("y").build());
    rewritten.isIdempotent().preservesOutputs(0);
    assertThat(rewritten.result().model().graph().nodes()).hasSizeLessThanOrEqualTo(2);
  }

  @Test
  void squeezeUndoesUnsqueeze() {
    assertThatRule(new MergeReshapes())
        .on(
            input()
                .longs("axis", 2)
                .node("a", "Unsqueeze", "x", "axis")
                .node("b", "Squeeze", "a", "axis")
                .node("y", "Neg", "b")
                .outputs("y")
                .build())
        .rewritesTo("Neg")
        .isIdempotent()
        .preservesOutputs(0);
  }

  @Test
  void twoOpenLengthsHaveNoConstantTarget() {
    assertThatRule(new MergeReshapes())
        .on(
            GraphBuilder.opset(17)
                .input("x", FLOAT, "n", "m", 6)
                .longs("axis", 0)
                .longs("split", 0, 0, 2, 3)
                .node("a", "Reshape", "x", "split")
                .node("y", "Unsqueeze", "a", "axis")
                .outputs("y")
                .build())
        .refuses("more than one length");
  }

  @Property(tries = 20, seed = SEED)
  void slicesOfDifferentAxesMerge(@ForAll long seed) {
    Random random = new Random(seed);
    int first = 1 + random.nextInt(3);
    int second = 1 + (first + random.nextInt(2)) % 3;
    Model model =
        input()
            .longs("s1", random.nextInt(4) - 2)
            .longs("e1", random.nextInt(9))
            .longs("a1", first)
            .longs("s2", 3 - random.nextInt(3))
            .longs("e2", -7)
            .longs("a2", second - 4)
            .longs("down", -1)
            .node("a", "Slice", "x", "s1", "e1", "a1")
            .node("y", "Slice", "a", "s2", "e2", "a2", "down")
            .outputs("y")
            .build();
    assertThatRule(new MergeSlices())
        .on(model)
        .rewritesTo("Slice")
        .isIdempotent()
        .preservesOutputs(0);
  }

  @Test
  void slicesOfTheSameAxisStay() {
    assertThatRule(new MergeSlices())
        .on(
            input()
                .longs("s", 1)
                .longs("e", 3)
                .longs("a", 1)
                .node("b", "Slice", "x", "s", "e", "a")
                .node("y", "Slice", "b", "s", "e", "a")
                .outputs("y")
                .build())
        .refuses("both slice the same axis");
  }

  @Test
  void slicesThatAreTheWholeAreASplit() {
    assertThatRule(new SplitSlices())
        .on(pieces(2))
        .rewritesTo("Split", "Neg", "Add")
        .isIdempotent()
        .preservesOutputs(0);
  }

  @Test
  void slicesWithAGapStay() {
    assertThatRule(new SplitSlices()).on(pieces(3)).doesNotFire();
  }

  private static Model pieces(long begin) {
    return input()
        .longs("zero", 0)
        .longs("two", 2)
        .longs("begin", begin)
        .longs("end", 4)
        .longs("axis", 2)
        .node("a", "Slice", "x", "zero", "two", "axis")
        .node("b", "Slice", "x", "begin", "end", "axis")
        .node("c", "Neg", "b")
        .node("y", "Add", "a", "c")
        .outputs("y")
        .build();
  }

  @Property(tries = 30, seed = SEED)
  void paddingGoesIntoWhatPads(@ForAll long seed) {
    Random random = new Random(seed);
    String opType = new String[] {"Conv", "MaxPool", "AveragePool"}[random.nextInt(3)];
    long[] pads = {0, 0, random.nextInt(2), random.nextInt(3), 0, 0, random.nextInt(2), 0};
    long[] own = {random.nextInt(2), 0, random.nextInt(2), 0};
    float value = opType.equals("MaxPool") ? Float.NEGATIVE_INFINITY : 0;
    GraphBuilder graph =
        GraphBuilder.opset(13 + random.nextInt(5))
            .input("x", FLOAT, "n", 2, 6, 7)
            .longs("pads", pads)
            .weight("value", Tensor.scalar(value))
            .node("p", "Pad", "x", "pads", "value");
    if (opType.equals("Conv")) {
      graph.floats("w", Tensors.gaussian(36, random), 2, 2, 3, 3).node("y", "Conv", "p", "w");
    } else {
      graph.node("y", opType, "p").ints("kernel_shape", 3, 4);
    }
    graph.ints("pads", own);
    if (opType.equals("AveragePool")) {
      graph.attribute("count_include_pad", 1);
    }
    assertThatRule(new FoldPads())
        .on(graph.outputs("y").build())
        .rewritesTo(opType)
        .isIdempotent()
        .staysWithin(1e-5);
  }

  @Test
  void zerosBeforeAMaximumStay() {
    assertThatRule(new FoldPads())
        .on(
            GraphBuilder.opset(13)
                .input("x", FLOAT, "n", 2, 6, 6)
                .longs("pads", 0, 0, 1, 1, 0, 0, 1, 1)
                .node("p", "Pad", "x", "pads")
                .node("y", "MaxPool", "p")
                .ints("kernel_shape", 3, 3)
                .outputs("y")
                .build())
        .refuses("pads with 0.0 (expected: -Infinity)");
  }

  @Test
  void reflectedPaddingStays() {
    assertThatRule(new FoldPads())
        .on(
            GraphBuilder.opset(13)
                .input("x", FLOAT, "n", 2, 6, 6)
                .longs("pads", 0, 0, 1, 1, 0, 0, 1, 1)
                .floats("w", Tensors.gaussian(36, 1), 2, 2, 3, 3)
                .node("p", "Pad", "x", "pads")
                .attribute("mode", "reflect")
                .node("y", "Conv", "p", "w")
                .outputs("y")
                .build())
        .refuses("with a constant");
  }

  @Test
  void moreThatDoesNothingGoes() {
    assertThatRule(new DropIdentities())
        .on(
            input()
                .longs("none", 0, 0, 0, 0, 0, 0, 0, 0)
                .longs("once", 1, 1, 1, 1)
                .node("a", "Pad", "x", "none")
                .node("b", "Tile", "a", "once")
                .node("c", "MaxPool", "b")
                .ints("kernel_shape", 1, 1)
                .node("d", "Clip", "c")
                .node("y", "Neg", "d")
                .outputs("y")
                .build())
        .rewritesTo("Neg")
        .isIdempotent()
        .preservesOutputs(0);
  }

  @Test
  void aReductionOfAxesOfLengthOneGoes() {
    assertThatRule(new DropIdentities())
        .on(
            GraphBuilder.opset(13)
                .input("x", FLOAT, "n", 1, 4)
                .node("a", "ReduceMean", "x")
                .ints("axes", 1)
                .node("y", "Neg", "a")
                .outputs("y")
                .build())
        .rewritesTo("Neg")
        .isIdempotent()
        .preservesOutputs(0);
  }

  @Test
  void equalLengthsAreAskedForOnce() {
    assertThatRule(new ShareEqualShapes(), new RemoveDeadNodes())
        .on(
            GraphBuilder.opset(14)
                .input("x", FLOAT, "n", "m", 4)
                .input("k", INT64)
                .weight("one", Tensor.scalar(1L))
                .node("s", "Shape", "x")
                .node("g", "Gather", "s", "one")
                .node("t", "Transpose", "x")
                .ints("perm", 1, 0, 2)
                .weight("zero", Tensor.scalar(0L))
                .node("s2", "Shape", "t")
                .node("g2", "Gather", "s2", "zero")
                .node("p", "Add", "g", "k")
                .node("y", "Mul", "g2", "p")
                .outputs("y")
                .build())
        .rewritesTo("Shape", "Gather", "Add", "Mul")
        .isIdempotent()
        .preservesOutputs(0);
  }

  @Test
  void aStretchOfAShapeIsReadInOneStep() {
    assertThatRule(new ShortenShapes(), new RemoveDeadNodes())
        .on(
            GraphBuilder.opset(15)
                .input("x", FLOAT, "n", 2, "h", "w")
                .weight("two", Tensor.scalar(2L))
                .weight("three", Tensor.scalar(3L))
                .longs("axis", 0)
                .node("s", "Shape", "x")
                .node("h1", "Gather", "s", "two")
                .node("w1", "Gather", "s", "three")
                .node("hu", "Unsqueeze", "h1", "axis")
                .node("wu", "Unsqueeze", "w1", "axis")
                .node("y", "Concat", "hu", "wu")
                .attribute("axis", 0)
                .outputs("y")
                .build())
        .rewritesTo("Shape")
        .isIdempotent()
        .preservesOutputs(0);
  }
}
