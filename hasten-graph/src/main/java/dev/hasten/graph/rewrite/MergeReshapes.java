package dev.hasten.graph.rewrite;

import dev.hasten.graph.Node;
import dev.hasten.graph.Shape;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.Set;

/**
 * {@code Reshape(f(x), s)} with a constant s becomes {@code Reshape(x, s)}, where f is Reshape,
 * Flatten, Squeeze or Unsqueeze.
 */
final class MergeReshapes implements Rule {
  private static final Set<String> RESHAPING = Set.of("Reshape", "Flatten", "Squeeze", "Unsqueeze");

  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (!node.is("", "Reshape") || node.inputOrNull(1) == null) {
      return Outcome.none();
    }
    Value between = node.input(0);
    Node inner = between.producer();
    Tensor target = node.input(1).constant();
    if (inner == null
        || target == null
        || !inner.domain().isEmpty()
        || inner.graph() != node.graph()
        || !RESHAPING.contains(inner.opType())) {
      return Outcome.none();
    }
    Value input = inner.input(0);
    if (node.intAttribute("allowzero", 0) == 0) {
      Shape before = rewrite.shape(input);
      Shape after = rewrite.shape(between);
      long[] lengths = target.toLongs();
      for (int i = 0; i < lengths.length; i++) {
        if (lengths[i] == 0
            && (before == null
                || after == null
                || i >= before.rank()
                || i >= after.rank()
                || !before.dim(i).equals(after.dim(i)))) {
          return Outcome.refused(
              "axis %d keeps a length that %s has and %s has not".formatted(i, after, before));
        }
      }
    }
    node.graph().setInput(node, 0, input);
    String opType = inner.opType();
    rewrite.sweep(inner);
    return Outcome.changed(opType + " before a Reshape goes");
  }
}
