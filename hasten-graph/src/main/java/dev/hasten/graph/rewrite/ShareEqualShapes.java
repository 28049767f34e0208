package dev.hasten.graph.rewrite;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Dim;
import dev.hasten.graph.Node;
import dev.hasten.graph.Shape;
import dev.hasten.graph.Value;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * Two integer tensors whose elements are the same expressions over the same lengths are one.
 *
 * <pre>
 * Gather(Shape(x[batch,seq,8]), 1),  …  Gather(Shape(y[batch,heads,seq]), 2)
 * Gather(Shape(x[batch,seq,8]), 1),  used for both
 * </pre>
 *
 * Exporters ask each layer for the lengths again, and build the same mask from them in each.
 */
final class ShareEqualShapes implements Rule {
  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (!isWhole(node, rewrite)) {
      return Outcome.none();
    }
    Value output = node.output();
    List<Dim> content = rewrite.content(output);
    Shape shape = rewrite.shape(output);
    if (content == null || shape == null || content.stream().allMatch(Dim::isFixed)) {
      return Outcome.none();
    }
    for (Node other : node.graph().nodes()) {
      if (other == node) {
        return Outcome.none();
      }
      if (isWhole(other, rewrite)
          && rewrite.type(other.output()) == rewrite.type(output)
          && shape.equals(rewrite.shape(other.output()))
          && content.equals(rewrite.content(other.output()))
          && !dependsOn(other, node)
          && node.graph().takesOver(output, other.output())) {
        rewrite.replaceAndSweep(output, other.output());
        return Outcome.changed("holds " + content + ", as " + other + " does");
      }
    }
    return Outcome.none();
  }

  private static boolean isWhole(Node node, Rewrite rewrite) {
    if (node.outputs().size() != 1 || !node.subgraphs().isEmpty() || node.inputs().isEmpty()) {
      return false;
    }
    DataType type = rewrite.type(node.output());
    return type == DataType.INT64 || type == DataType.INT32;
  }

  static boolean dependsOn(Node node, Node maybe) {
    Set<Node> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    Deque<Node> open = new ArrayDeque<>(List.of(node));
    while (!open.isEmpty()) {
      Node at = open.remove();
      if (at == maybe) {
        return true;
      }
      if (!seen.add(at)) {
        continue;
      }
      for (Value input : at.inputs()) {
        Node producer = input == null ? null : input.producer();
        if (producer != null) {
          open.add(producer);
        }
      }
      at.subgraphs()
          .forEach(inner ->
              inner
                  .captures()
                  .forEach(value -> {
                    Node producer = value.producer();
                    if (producer != null) {
                      open.add(producer);
                    }
                  }));
    }
    return false;
  }
}
