package dev.hasten.graph.rewrite;

import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;

/**
 * {@code f(c₁, c₂, …)} of constants becomes the initializer {@code c = f(c₁, c₂, …)}, unless that
 * would make the file noticeably larger. What is too large on its own may come to be smaller
 * further on: slices of a weight that are joined again in another order fold as a whole.
 */
final class FoldConstants implements Rule {
  /** How much a fold may add to the model, beyond the constants that it makes superfluous. */
  private static final long MAX_GROWTH_BYTES = 1 << 16;

  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (node.inputs().isEmpty() || !Evaluator.knows(node)) {
      return Outcome.none();
    }
    ConstantRegion region = ConstantRegion.behind(node);
    if (region == null) {
      return Outcome.none();
    }
    long maxBytes = MAX_GROWTH_BYTES + region.freedBytes();
    return switch (region.evaluate(rewrite.opset(), maxBytes)) {
      case Evaluator.Unknown u -> Outcome.none();
      case Evaluator.Refused(String reason) -> Outcome.refused(reason);
      case Evaluator.Computed(var outputs) -> replace(node, outputs.getFirst(), rewrite);
    };
  }

  static Outcome replace(Node node, Tensor content, Rewrite rewrite) {
    Value output = node.output();
    Value folded = rewrite.constant(node, output.name(), content);
    if (!node.graph().takesOver(output, folded)) {
      node.graph().remove(folded);
      return Outcome.none();
    }
    String opType = node.opType();
    rewrite.replaceAndSweep(output, folded);
    return Outcome.changed(opType + " becomes the constant " + content);
  }
}
