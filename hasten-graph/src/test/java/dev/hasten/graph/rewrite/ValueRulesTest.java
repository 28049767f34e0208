package dev.hasten.graph.rewrite;

import static dev.hasten.graph.DataType.BOOL;
import static dev.hasten.graph.DataType.DOUBLE;
import static dev.hasten.graph.DataType.FLOAT;
import static dev.hasten.graph.DataType.INT32;
import static dev.hasten.graph.DataType.INT64;
import static dev.hasten.graph.rewrite.RewriteAssert.assertThatRule;

import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.graph.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Casts, bounds, choices and neutral operands. */
class ValueRulesTest {
  private static final String SEED = "20240607";

  private static final float[] SPECIAL = {
    0f, -0f, 1, -1, 2.5f, -2.5f, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 1e30f
  };

  private static GraphBuilder input(DataType type) {
    return GraphBuilder.opset(17).input("x", type, "n", 4);
  }

  private static List<Map<String, Tensor>> special() {
    return List.of(Map.of("x", Tensor.floats(SPECIAL, SPECIAL.length)));
  }

  private static Model casts(DataType from, DataType through, DataType to) {
    return input(from)
        .node("a", "Cast", "x")
        .attribute("to", through.onnx())
        .node("y", "Cast", "a")
        .attribute("to", to.onnx())
        .output("y", to, "n", 4)
        .build();
  }

  @Test
  void aCastThroughAWiderTypeIsOne() {
    assertThatRule(new MergeCasts())
        .on(casts(INT32, DOUBLE, FLOAT))
        .rewritesTo("Cast")
        .isIdempotent()
        .preservesOutputs(0);
    assertThatRule(new MergeCasts())
        .on(casts(BOOL, FLOAT, INT64))
        .rewritesTo("Cast")
        .isIdempotent()
        .preservesOutputs(0);
  }

  @Test
  void aCastThroughANarrowerTypeStays() {
    assertThatRule(new MergeCasts())
        .on(casts(FLOAT, INT32, FLOAT))
        .refuses("int32 does not hold each float");
    assertThatRule(new MergeCasts())
        .on(casts(INT64, FLOAT, INT64))
        .refuses("float does not hold each int64");
  }

  @Test
  void fractionsOutOfRangeKeepTheirDetour() {
    assertThatRule(new MergeCasts())
        .on(casts(FLOAT, DOUBLE, INT32))
        .refuses("out of range of int32 may differ");
  }

  @Test
  void castLikeNamesItsType() {
    assertThatRule(new ResolveCastLikes())
        .on(
            input(FLOAT)
                .weight("c", Tensor.scalar(2L))
                .node("t", "CastLike", "c", "x")
                .node("y", "Mul", "x", "t")
                .output("y", FLOAT, "n", 4)
                .build())
        .rewritesTo("Cast", "Mul")
        .isIdempotent()
        .preservesOutputs(0);
  }

  private static GraphBuilder special(String first) {
    return GraphBuilder.opset(17).input("x", FLOAT, "n").node("a", first, "x");
  }

  @Property(tries = 20, seed = SEED)
  void boundsMerge(@ForAll long seed) {
    Random random = new Random(seed);
    float low = random.nextInt(4) - 3;
    float high = random.nextInt(4);
    GraphBuilder graph =
        GraphBuilder.opset(13)
            .input("x", FLOAT, "n")
            .weight("l", Tensor.scalar(low))
            .weight("h", Tensor.scalar(high))
            .weight("l2", Tensor.scalar(low / 2))
            .weight("h2", Tensor.scalar(high * 2));
    String[] first = {"x", random.nextBoolean() ? "l" : "", "h"};
    String[] second = {"a", "l2", random.nextBoolean() ? "h2" : ""};
    Model model = graph.node("a", "Clip", first).node("y", "Clip", second).outputs("y").build();
    assertThatRule(new MergeClips()).on(model).rewritesTo("Clip").isIdempotent().staysWithin(0);
  }

  @Test
  void boundsThatLeaveNothingStay() {
    assertThatRule(new MergeClips())
        .on(
            GraphBuilder.opset(13)
                .input("x", FLOAT, "n")
                .weight("one", Tensor.scalar(1f))
                .weight("two", Tensor.scalar(2f))
                .node("a", "Clip", "x", "", "one")
                .node("y", "Clip", "a", "two")
                .outputs("y")
                .build())
        .refuses("leave nothing between them");
  }

  @Test
  void theSecondReluGoes() {
    RewriteAssert rewritten =
        assertThatRule(new MergeClips())
            .on(special("Relu").node("y", "Relu", "a").outputs("y").build());
    rewritten.rewritesTo("Relu").isIdempotent();
    Difference.requireBelow(
        0,
        Ort.run(special("Relu").node("y", "Relu", "a").outputs("y").build(), special()).getFirst(),
        Ort.run(rewritten.result().model(), special()).getFirst());
  }

  @Test
  void aChoiceThatIsNoneGoes() {
    assertThatRule(new ResolveWheres())
        .on(
            input(FLOAT)
                .weight("c", HostArithmetic.integers(BOOL, new long[] {1, 1, 1, 1}, new long[] {4}))
                .weight("zero", Tensor.scalar(0f))
                .node("a", "Where", "c", "x", "zero")
                .node("y", "Neg", "a")
                .outputs("y")
                .build())
        .rewritesTo("Neg")
        .isIdempotent()
        .preservesOutputs(0);
  }

  @Test
  void aChoiceThatIsWidenedStays() {
    assertThatRule(new ResolveWheres())
        .on(
            input(FLOAT)
                .weight("c", HostArithmetic.integers(BOOL, new long[2 * 4], new long[] {2, 1, 4}))
                .weight("zero", Tensor.scalar(0f))
                .node("a", "Where", "c", "zero", "x")
                .node("y", "Neg", "a")
                .outputs("y")
                .build())
        .refuses("is widened");
  }

  @Test
  void choicesChangePlacesInsteadOfANot() {
    assertThatRule(new ResolveWheres())
        .on(
            input(FLOAT)
                .input("c", BOOL, "n", 4)
                .weight("zero", Tensor.scalar(0f))
                .node("not", "Not", "c")
                .node("y", "Where", "not", "x", "zero")
                .outputs("y")
                .build())
        .rewritesTo("Where")
        .isIdempotent()
        .preservesOutputs(0);
  }

  private static GraphBuilder plusZero(float zero) {
    return GraphBuilder.opset(17)
        .input("x", FLOAT, "n")
        .weight("zero", Tensor.scalar(zero))
        .node("a", "Add", "x", "zero");
  }

  @Test
  void theSignOfAZeroIsKeptWhereSomebodyDividesByIt() {
    assertThatRule(new DropNeutralOperands())
        .on(plusZero(0f).node("t", "Tanh", "a").node("y", "Reciprocal", "t").outputs("y").build())
        .refuses("a sum makes -0 to 0");
    // Adding -0 loses nothing: 1 / (-0 + -0) is minus infinity, before and after.
    Model model = plusZero(-0f).node("y", "Reciprocal", "a").outputs("y").build();
    RewriteAssert rewritten = assertThatRule(new DropNeutralOperands()).on(model);
    rewritten.rewritesTo("Reciprocal").isIdempotent();
    Difference.requireBelow(
        0,
        Ort.run(model, special()).getFirst(),
        Ort.run(rewritten.result().model(), special()).getFirst());
  }

  @Test
  void aZeroThatNobodyDividesByGoes() {
    assertThatRule(new DropNeutralOperands())
        .on(plusZero(0f).node("y", "Exp", "a").outputs("y").build())
        .rewritesTo("Exp")
        .isIdempotent()
        .preservesOutputs(0);
  }

  @Test
  void neutralTruthValuesGo() {
    assertThatRule(new DropNeutralOperands())
        .on(
            GraphBuilder.opset(17)
                .input("x", BOOL, "n", 4)
                .weight("yes", HostArithmetic.integers(BOOL, new long[] {1}, new long[0]))
                .weight("no", HostArithmetic.integers(BOOL, new long[] {0}, new long[0]))
                .node("a", "And", "yes", "x")
                .node("b", "Or", "a", "no")
                .node("y", "Not", "b")
                .outputs("y")
                .build())
        .rewritesTo("Not")
        .isIdempotent()
        .preservesOutputs(0);
  }
}
