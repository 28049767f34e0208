package dev.hasten.graph.rewrite;

import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * {@code f(c₁, c₂, …)} of constants becomes the initializer {@code c = f(c₁, c₂, …)}, unless that
 * would make the file noticeably larger.
 */
final class FoldConstants implements Rule {
  /** How much a fold may add to the model, beyond the constants that it makes superfluous. */
  private static final long MAX_GROWTH_BYTES = 1 << 16;

  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (node.inputs().isEmpty()) {
      return Outcome.none();
    }
    long maxBytes = MAX_GROWTH_BYTES + freedBytes(node);
    return switch (Evaluator.evaluate(node, rewrite.opset(), maxBytes)) {
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

  /** The bytes of constants that nothing but this node uses. */
  private static long freedBytes(Node node) {
    Set<Value> own = new LinkedHashSet<>();
    for (Value input : node.inputs()) {
      if (input != null && !input.isOutput()) {
        own.add(input);
      }
    }
    long bytes = 0;
    for (Value input : own) {
      Tensor tensor = input.constant();
      if (tensor != null && input.users().stream().allMatch(use -> use.node() == node)) {
        bytes += tensor.byteSize();
      }
    }
    return bytes;
  }
}
