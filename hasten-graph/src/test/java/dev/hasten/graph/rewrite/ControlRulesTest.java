package dev.hasten.graph.rewrite;

import static dev.hasten.graph.DataType.BOOL;
import static dev.hasten.graph.DataType.FLOAT;
import static dev.hasten.graph.rewrite.RewriteAssert.assertThatRule;
import static dev.hasten.graph.rewrite.RewriteAssert.assertThatRules;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.graph.Tensor;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Conditions that are known, sequences that are none, states that are zero. */
class ControlRulesTest {
  private static final String SEED = "20240607";

  private static GraphBuilder choice(boolean yes) {
    return GraphBuilder.opset(17)
        .input("x", FLOAT, "n", 2)
        .weight("c", HostArithmetic.integers(BOOL, new long[] {yes ? 1 : 0}, new long[0]))
        .node("a", "Exp", "x")
        .node("y", "If", "c")
        .subgraph(
            "then_branch",
            b ->
                b.floats("w", new float[] {3, 4}, 2)
                    .node("t", "Mul", "a", "w")
                    .node("u", "Neg", "t")
                    .outputs("u"))
        .subgraph("else_branch", b -> b.node("e", "Abs", "x").outputs("e"));
  }

  @Test
  void aKnownConditionLeavesItsBranch() {
    assertThatRule(new InlineConstantIfs())
        .on(choice(true).output("y", FLOAT, "n", 2).build())
        .rewritesTo("Exp", "Mul", "Neg")
        .isIdempotent()
        .preservesOutputs(0);
    assertThatRule(new InlineConstantIfs())
        .on(choice(false).node("z", "Neg", "y").output("z", FLOAT, "n", 2).build())
        .rewritesTo("Abs", "Neg")
        .isIdempotent()
        .preservesOutputs(0);
  }

  @Test
  void aBranchThatReturnsAnOuterValueKeepsTheOutputsName() {
    Model model =
        GraphBuilder.opset(17)
            .input("x", FLOAT, "n", 2)
            .weight("c", HostArithmetic.integers(BOOL, new long[] {1}, new long[0]))
            .node("y", "If", "c")
            .subgraph("then_branch", b -> b.node("i", "Identity", "x").outputs("i"))
            .subgraph("else_branch", b -> b.node("e", "Abs", "x").outputs("e"))
            .output("y", FLOAT, "n", 2)
            .build();
    assertThatRules(List.of(new InlineConstantIfs(), new DropIdentities()))
        .on(model)
        .rewritesTo("Identity")
        .isIdempotent()
        .preservesOutputs(0);
  }

  @Test
  void aBranchWithAChoiceInsideStaysUntilThatIsMade() {
    GraphBuilder graph =
        GraphBuilder.opset(17)
            .input("x", FLOAT, "n", 2)
            .input("d", BOOL)
            .weight("c", HostArithmetic.integers(BOOL, new long[] {1}, new long[0]))
            .node("y", "If", "c")
            .subgraph(
                "then_branch",
                b ->
                    b.node("i", "If", "d")
                        .subgraph("then_branch", q -> q.node("t", "Neg", "x").outputs("t"))
                        .subgraph("else_branch", q -> q.node("f", "Abs", "x").outputs("f"))
                        .outputs("i"))
            .subgraph("else_branch", b -> b.node("e", "Abs", "x").outputs("e"));
    assertThatRule(new InlineConstantIfs())
        .on(graph.output("y", FLOAT, "n", 2).build())
        .refuses("holds the control flow");
  }

  @Property(tries = 12, seed = SEED)
  void statesOfZerosGo(@ForAll long seed, @ForAll boolean reverse) {
    String opType = new String[] {"LSTM", "GRU", "RNN"}[(int) Math.floorMod(seed, 3L)];
    int gates = opType.equals("LSTM") ? 4 : opType.equals("GRU") ? 3 : 1;
    GraphBuilder graph =
        GraphBuilder.opset(14)
            .input("x", FLOAT, "seq", "n", 3)
            .floats("w", Tensors.gaussian(gates * 12, seed), 1, gates * 4, 3)
            .floats("r", Tensors.gaussian(gates * 16, seed + 1), 1, gates * 4, 4)
            .weight("one", Tensor.scalar(1L))
            .longs("first", 1)
            .longs("last", 4)
            .longs("axis", 0)
            .node("s", "Shape", "x")
            .node("g", "Gather", "s", "one")
            .node("u", "Unsqueeze", "g", "axis")
            .node("d", "Concat", "first", "u", "last")
            .attribute("axis", 0)
            .node("h", "ConstantOfShape", "d");
    List<String> inputs = new java.util.ArrayList<>(List.of("x", "w", "r", "", "", "h"));
    if (opType.equals("LSTM")) {
      inputs.add("h");
    }
    graph.node("", opType, inputs, List.of("y")).attribute("hidden_size", 4);
    graph.attribute("direction", reverse ? "reverse" : "forward");
    assertThatRule(new DropZeroStates())
        .on(graph.outputs("y").build())
        .rewritesTo(opType)
        .isIdempotent()
        .preservesOutputs(0);
  }

  @Test
  void aStateOfOnesStays() {
    assertThatRule(new DropZeroStates())
        .on(
            GraphBuilder.opset(14)
                .input("x", FLOAT, "seq", 2, 3)
                .floats("w", Tensors.gaussian(12, 1), 1, 4, 3)
                .floats("r", Tensors.gaussian(16, 2), 1, 4, 4)
                .longs("d", 1, 2, 4)
                .node("h", "ConstantOfShape", "d")
                .attribute("value", Attribute.of(Tensor.floats(new float[] {1}, 1)))
                .node("y", "RNN", "x", "w", "r", "", "", "h")
                .attribute("hidden_size", 4)
                .outputs("y")
                .build())
        .doesNotFire();
  }

  private static GraphBuilder sequence(Tensor lengths) {
    return GraphBuilder.opset(17)
        .input("x", FLOAT, "n", 7)
        .weight("lengths", lengths)
        .weight("zero", Tensor.scalar(0L))
        .weight("last", Tensor.scalar(-1L))
        .node("s", "SplitToSequence", "x", "lengths")
        .attribute("axis", 1)
        .node("a", "SequenceAt", "s", "zero")
        .node("b", "SequenceAt", "s", "last")
        .node("p", "ReduceSum", "a")
        .node("q", "ReduceMax", "b")
        .node("y", "Sub", "p", "q");
  }

  @Test
  void aSequenceThatIsTakenApartAgainIsASplit() {
    assertThatRule(new SplitSequences())
        .on(sequence(Tensor.longs(new long[] {2, 4, 1}, 3)).outputs("y").build())
        .rewritesTo("Split", "ReduceSum", "ReduceMax", "Sub")
        .isIdempotent()
        .staysWithin(1e-6);
    assertThatRule(new SplitSequences())
        .on(sequence(Tensor.scalar(3L)).outputs("y").build())
        .rewritesTo("Split", "ReduceSum", "ReduceMax", "Sub")
        .isIdempotent()
        .staysWithin(1e-6);
  }

  @Test
  void aSequenceThatSomebodyCountsStays() {
    assertThatRule(new SplitSequences())
        .on(
            sequence(Tensor.scalar(3L))
                .node("count", "SequenceLength", "s")
                .outputs("y", "count")
                .build())
        .refuses("needs the sequence");
  }
}
