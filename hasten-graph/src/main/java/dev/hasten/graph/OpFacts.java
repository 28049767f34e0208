package dev.hasten.graph;

import java.util.List;

/**
 * What is known of a node's work beyond its result's shape: its kind, how its output axes come from
 * its input axes, and what it costs.
 *
 * @param kind what sort of operator it is
 * @param flows where output axes come from; an axis without an entry is not known, and a technique
 *     must leave it alone
 * @param contractions the pairs of input axes that are multiplied and summed away
 * @param flops arithmetic operations, a multiply-add counting two, a transcendental function one;
 *     integer arithmetic counts the same
 * @param bytes what is read and written once: inputs, weights and outputs; views (Reshape,
 *     Squeeze…) move nothing
 * @param known whether flops and bytes could be told; both are 0 where not
 */
public record OpFacts(
    Kind kind,
    List<AxisFlow> flows,
    List<Contraction> contractions,
    Dim flops,
    Dim bytes,
    boolean known) {

  /** What sort of operator it is. */
  public enum Kind {
    /** Each output element depends on one element of each input, broadcast. */
    ELEMENTWISE,
    /** Products summed over an axis: matrix products, convolutions, attention. */
    CONTRACTION,
    /** Statistics over an axis, applied to that axis: softmax, layer norm, batch norm. */
    NORMALIZATION,
    /** An axis is folded away or made shorter: sums, means, pooling. */
    REDUCTION,
    /** The same elements in the same order under another shape; also shape queries. */
    RESHAPE,
    /** Elements are picked, moved, repeated or joined, not computed. */
    GATHER,
    /** To and from integers with a scale. */
    QUANTIZE,
    /** Runs subgraphs, or handles sequences. */
    CONTROL,
    /** Anything else. */
    OTHER
  }

  /** Axes summed away together: {@code inputA.axisA} against {@code inputB.axisB}. */
  public record Contraction(int inputA, int axisA, int inputB, int axisB) {}

  public OpFacts {
    flows = List.copyOf(flows);
    contractions = List.copyOf(contractions);
  }

  /** The facts of one node; kind OTHER and nothing known for an operator not in the table. */
  public static OpFacts of(Node node, Shapes shapes) {
    return Costs.facts(node, shapes);
  }

  /** The flow of one output axis; no sources if it is not known. */
  public AxisFlow flow(int output, int axis) {
    return flows.stream()
        .filter(flow -> flow.output() == output && flow.axis() == axis)
        .findFirst()
        .orElse(new AxisFlow(output, axis, List.of()));
  }

  /** FLOPs per byte at the given lengths: what the roofline is drawn over. 0 without bytes. */
  public double intensity(java.util.Map<String, Long> bindings) {
    long moved = bytes.eval(bindings);
    return moved == 0 ? 0 : (double) flops.eval(bindings) / moved;
  }
}
