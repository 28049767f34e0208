package dev.hasten.graph.rewrite;

import dev.hasten.graph.Node;
import dev.hasten.graph.Value;

/** A node that nothing uses goes, and with it what only served it. */
final class RemoveDeadNodes implements Rule {
  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (node.outputs().isEmpty() || node.outputs().stream().anyMatch(Value::isUsed)) {
      return Outcome.none();
    }
    rewrite.sweep(node);
    return Outcome.changed("nothing uses it");
  }
}
