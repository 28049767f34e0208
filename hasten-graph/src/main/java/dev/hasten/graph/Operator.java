package dev.hasten.graph;

import java.util.List;

/**
 * The row of one operator in the table: all that Hasten knows about it.
 *
 * @param kind what sort of operator it is
 * @param inference how its outputs' types and shapes follow from its inputs
 * @param flow how its output axes come from input axes
 * @param flops its arithmetic
 */
record Operator(OpFacts.Kind kind, InferenceRule inference, FlowRule flow, FlopRule flops) {

  /** Axis flows of a node, from the inferred shapes. */
  @FunctionalInterface
  interface FlowRule {
    FlowRule UNKNOWN = (_, _) -> {};

    void flow(Costs.Shaped node, Flow flow);
  }

  /** Arithmetic of a node, from the inferred shapes. */
  @FunctionalInterface
  interface FlopRule {
    /** Moves data only. */
    FlopRule NONE = named("0", _ -> Dim.ZERO);

    /** Depends on more than the shapes tell. */
    FlopRule UNKNOWN =
        named(
            "not told",
            node -> {
              throw new Costs.Unknown(node.node().opType());
            });

    Dim flops(Costs.Shaped node);

    /** For readers: what is counted. */
    default String formula() {
      return "by its shapes";
    }

    static FlopRule named(String formula, FlopRule rule) {
      return new Named(formula, rule);
    }

    /** A rule with its formula. */
    record Named(String formula, FlopRule rule) implements FlopRule {
      @Override
      public Dim flops(Costs.Shaped node) {
        return rule.flops(node);
      }
    }
  }

  static FlopRule perOutput(long each) {
    String formula = each == 1 ? "outputs" : each + " × outputs";
    return FlopRule.named(formula, node -> node.outputSize(0).times(each));
  }

  static FlopRule perInput(long each) {
    String formula = each == 1 ? "inputs" : each + " × inputs";
    return FlopRule.named(formula, node -> node.inputSize(0).times(each));
  }

  Operator inferredBy(InferenceRule rule) {
    return new Operator(kind, rule, flow, flops);
  }

  Operator flow(FlowRule rule) {
    return new Operator(kind, inference, rule, flops);
  }

  Operator flops(String formula, FlopRule rule) {
    return flops(FlopRule.named(formula, rule));
  }

  Operator flops(FlopRule rule) {
    return new Operator(kind, inference, flow, rule);
  }

  /** The columns that most operators of a kind share. */
  static Operator of(OpFacts.Kind kind, InferenceRule inference) {
    return switch (kind) {
      case ELEMENTWISE -> new Operator(kind, inference, Flow::elementwise, perOutput(1));
      case QUANTIZE -> new Operator(kind, inference, Flow::first, perOutput(2));
      case REDUCTION -> new Operator(kind, inference, FlowRule.UNKNOWN, perInput(1));
      case CONTRACTION -> new Operator(kind, inference, FlowRule.UNKNOWN, FlopRule.UNKNOWN);
      case NORMALIZATION, OTHER -> new Operator(kind, inference, FlowRule.UNKNOWN, perOutput(1));
      case RESHAPE, GATHER, CONTROL ->
          new Operator(kind, inference, FlowRule.UNKNOWN, FlopRule.NONE);
    };
  }

  /** The axes of one output under construction. */
  static final class Flow {
    private final List<AxisFlow> found;

    Flow(List<AxisFlow> found) {
      this.found = found;
    }

    private final List<OpFacts.Contraction> contractions = new java.util.ArrayList<>();

    List<OpFacts.Contraction> contractions() {
      return contractions;
    }

    void axis(int output, int axis, AxisFlow.Source... sources) {
      found.add(new AxisFlow(output, axis, List.of(sources)));
    }

    void axis(int output, int axis, List<AxisFlow.Source> sources) {
      found.add(new AxisFlow(output, axis, sources));
    }

    void contract(int inputA, int axisA, int inputB, int axisB) {
      contractions.add(new OpFacts.Contraction(inputA, axisA, inputB, axisB));
    }

    /** Made from nothing but lengths: no axis comes from an input. */
    static void fresh(Costs.Shaped node, Flow flow) {
      for (int i = 0; i < node.output(0).rank(); i++) {
        flow.axis(0, i);
      }
    }

    /** All inputs are broadcast against each other. */
    static void elementwise(Costs.Shaped node, Flow flow) {
      Flows.broadcast(node, flow, 0, node.inputCount());
    }

    /** The first input decides; the others are parameters. */
    static void first(Costs.Shaped node, Flow flow) {
      Flows.broadcast(node, flow, 0, 1);
    }
  }
}
