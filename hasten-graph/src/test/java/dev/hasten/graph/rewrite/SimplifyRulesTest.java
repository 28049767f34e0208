package dev.hasten.graph.rewrite;

import static dev.hasten.graph.DataType.FLOAT;
import static dev.hasten.graph.DataType.INT64;
import static dev.hasten.graph.rewrite.RewriteAssert.assertThatRule;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.graph.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class SimplifyRulesTest {
  private static GraphBuilder floats(Object... dims) {
    return GraphBuilder.opset(13).input("x", FLOAT, dims);
  }

  @Test
  void constantBecomesInitializer() {
    Model model =
        floats("n", 2)
            .node("c", "Constant")
            .attribute("value", Attribute.of(Tensor.floats(new float[] {1, 2}, 2)))
            .node("y", "Add", "x", "c")
            .output("y", FLOAT, "n", 2)
            .build();
    assertThatRule(new InlineConstants())
        .on(model)
        .rewritesTo("Add")
        .isIdempotent()
        .preservesOutputs(0);
  }

  @Test
  void constantThatIsAnOutputStays() {
    Model model =
        floats("n")
            .node("c", "Constant")
            .attribute("value", Attribute.of(Tensor.scalar(3f)))
            .node("y", "Neg", "x")
            .output("c", FLOAT)
            .output("y", FLOAT, "n")
            .build();
    assertThatRule(new InlineConstants()).on(model).doesNotFire();
  }

  @Test
  void foldsExpressionsOfConstants() {
    Model model =
        floats("n", 2)
            .floats("a", new float[] {2, 3}, 2)
            .floats("b", new float[] {5, 0.1f}, 2)
            .node("s", "Sqrt", "a")
            .node("m", "Mul", "s", "b")
            .node("y", "Add", "x", "m")
            .output("y", FLOAT, "n", 2)
            .build();
    assertThatRule(new FoldConstants())
        .on(model)
        .rewritesTo("Add")
        .isIdempotent()
        .preservesOutputs(0);
  }

  @Test
  void doesNotFoldIntoSomethingLarge() {
    Model model =
        floats(1000, 1000)
            .longs("shape", 1000, 1000)
            .node("zeros", "ConstantOfShape", "shape")
            .node("y", "Add", "x", "zeros")
            .output("y", FLOAT, 1000, 1000)
            .build();
    assertThatRule(new FoldConstants()).on(model).refuses("would take 4000000 bytes");
  }

  @Test
  void knownLengthOfASymbolicShapeIsConstant() {
    Model model =
        floats("n", "m", 4)
            .node("s", "Shape", "x")
            .weight("i", Tensor.scalar(2L))
            .node("length", "Gather", "s", "i")
            .attribute("axis", 0)
            .input("k", INT64)
            .node("y", "Mul", "length", "k")
            .output("y", INT64)
            .build();
    assertThatRule(new FoldShapes()).on(model).rewritesTo("Mul").isIdempotent();
  }

  private static Model exporterReshape(boolean swapped) {
    return floats("n", "m", 6)
        .node("s", "Shape", "x")
        .weight("zero", Tensor.scalar(0L))
        .weight("one", Tensor.scalar(1L))
        .longs("axes", 0)
        .longs("split", 2, 3)
        .node("g0", "Gather", "s", swapped ? "one" : "zero")
        .node("g1", "Gather", "s", swapped ? "zero" : "one")
        .node("u0", "Unsqueeze", "g0", "axes")
        .node("u1", "Unsqueeze", "g1", "axes")
        .node("target", "Concat", "u0", "u1", "split")
        .attribute("axis", 0)
        .node("y", "Reshape", "x", "target")
        .outputs("y")
        .build();
  }

  @Test
  void reshapeToItsOwnLengthsGetsAConstantTarget() {
    assertThatRule(new FixReshapeTargets())
        .on(exporterReshape(false))
        .rewritesTo("Reshape")
        .isIdempotent()
        .preservesOutputs(0);
  }

  @Test
  void reshapeToSwappedLengthsStays() {
    assertThatRule(new FixReshapeTargets())
        .on(exporterReshape(true))
        .refuses("more than one length");
  }

  @Test
  void whatDoesNothingGoes() {
    Model model =
        floats("n", 4)
            .node("a", "Identity", "x")
            .node("b", "Cast", "a")
            .attribute("to", 1)
            .node("c", "Dropout", "b")
            .node("d", "Transpose", "c")
            .ints("perm", 0, 1)
            .longs("same", 0, 4)
            .node("e", "Reshape", "d", "same")
            .node("y", "Neg", "e")
            .output("y", FLOAT, "n", 4)
            .build();
    assertThatRule(new DropIdentities())
        .on(model)
        .rewritesTo("Neg")
        .isIdempotent()
        .preservesOutputs(0);
  }

  @Test
  void identityBetweenInputAndOutputStays() {
    Model model = floats("n").node("y", "Identity", "x").output("y", FLOAT, "n").build();
    assertThatRule(new DropIdentities()).on(model).doesNotFire();
  }

  @Test
  void neutralOperandsGo() {
    Model model =
        floats("n", 4)
            .floats("ones", new float[] {1, 1, 1, 1}, 4)
            .weight("zero", Tensor.scalar(0f))
            .node("a", "Mul", "ones", "x")
            .node("b", "Add", "a", "zero")
            .node("c", "Sub", "b", "zero")
            .node("y", "Neg", "c")
            .output("y", FLOAT, "n", 4)
            .build();
    assertThatRule(new DropNeutralOperands())
        .on(model)
        .rewritesTo("Neg")
        .isIdempotent()
        .preservesOutputs(0);
  }

  @Test
  void neutralOperandThatWidensStays() {
    Model model =
        floats(1, 4)
            .floats("ones", new float[] {1, 1, 1}, 3, 1)
            .node("y", "Mul", "x", "ones")
            .output("y", FLOAT, 3, 4)
            .build();
    assertThatRule(new DropNeutralOperands()).on(model).refuses("widens [1,4] to [3,4]");
  }

  @Test
  void zeroMinusXIsNotX() {
    Model model =
        floats("n")
            .weight("zero", Tensor.scalar(0f))
            .node("y", "Sub", "zero", "x")
            .output("y", FLOAT, "n")
            .build();
    assertThatRule(new DropNeutralOperands()).on(model).doesNotFire();
  }

  @Test
  void transposesMerge() {
    Model model =
        floats("n", 3, 4)
            .node("a", "Transpose", "x")
            .ints("perm", 1, 2, 0)
            .node("y", "Transpose", "a")
            .ints("perm", 0, 2, 1)
            .outputs("y")
            .build();
    assertThatRule(new MergeTransposes())
        .on(model)
        .rewritesTo("Transpose")
        .isIdempotent()
        .preservesOutputs(0);
  }

  @Test
  void reshapesMerge() {
    Model model =
        floats("n", 12)
            .longs("first", 0, 3, 4)
            .longs("second", 0, 2, 6)
            .node("a", "Reshape", "x", "first")
            .node("y", "Reshape", "a", "second")
            .outputs("y")
            .build();
    assertThatRule(new MergeReshapes())
        .on(model)
        .rewritesTo("Reshape")
        .isIdempotent()
        .preservesOutputs(0);
  }

  @Test
  void reshapeThatKeepsALengthOfTheOtherStays() {
    Model model =
        floats("n", 12)
            .longs("first", -1, 3, 4)
            .longs("second", 0, 0, 4)
            .node("a", "Reshape", "x", "first")
            .node("y", "Reshape", "a", "second")
            .outputs("y")
            .build();
    assertThatRule(new MergeReshapes()).on(model).refuses("axis 1 keeps a length");
  }

  @Test
  void equalNodesAndInitializersAreShared() {
    Model model =
        floats("n", 2)
            .floats("a", new float[] {1, 2}, 2)
            .floats("b", new float[] {1, 2}, 2)
            .node("p", "Add", "x", "a")
            .node("q", "Add", "x", "b")
            .node("y", "Mul", "p", "q")
            .output("y", FLOAT, "n", 2)
            .build();
    assertThatRule(new ShareEqualInitializers(), new ShareEqualNodes())
        .on(model)
        .rewritesTo("Add", "Mul")
        .isIdempotent()
        .preservesOutputs(0);
  }

  @Test
  void randomNodesAreNotShared() {
    Model model =
        floats(4)
            .node("p", "RandomNormalLike", "x")
            .node("q", "RandomNormalLike", "x")
            .node("y", "Sub", "p", "q")
            .output("y", FLOAT, 4)
            .build();
    assertThatRule(new ShareEqualNodes()).on(model).doesNotFire();
  }

  @Test
  void equalOutputsKeepBothNames() {
    Model model =
        floats("n")
            .node("y", "Neg", "x")
            .node("z", "Neg", "x")
            .output("y", FLOAT, "n")
            .output("z", FLOAT, "n")
            .build();
    RewriteAssert shared = assertThatRule(new ShareEqualNodes()).on(model);
    shared.isIdempotent().preservesOutputs(0);
  }

  @Test
  void deadNodesGo() {
    Model model =
        floats("n")
            .node("unused", "Exp", "x")
            .node("unusedToo", "Neg", "unused")
            .node("y", "Abs", "x")
            .output("y", FLOAT, "n")
            .build();
    assertThatRule(new RemoveDeadNodes())
        .on(model)
        .rewritesTo("Abs")
        .isIdempotent()
        .preservesOutputs(0);
  }

  @Test
  void nestedGraphsAreRewrittenToo() {
    Model model =
        floats(2)
            .input("c", DataType.BOOL)
            .node("y", "If", "c")
            .subgraph(
                "then_branch", b -> b.node("i", "Identity", "x").node("t", "Neg", "i").outputs("t"))
            .subgraph("else_branch", b -> b.node("e", "Abs", "x").outputs("e"))
            .output("y", FLOAT, 2)
            .build();
    RewriteAssert dropped = assertThatRule(new DropIdentities()).on(model);
    dropped.isIdempotent().preservesOutputs(0);
    assertThat(dropped.result().changes())
        .extracting(Change::rule)
        .isEqualTo(List.of("drop-identities"));
  }
}
