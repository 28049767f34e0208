package dev.hasten.graph;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which values a graph can see, and which of those it may use without closing a cycle. */
final class Scope {
  private Scope() {}

  /**
   * Fails unless {@code value} is defined in {@code from} or in a graph around it; null passes.
   *
   * @throws IllegalArgumentException naming the value and the graph
   */
  static void requireVisible(@Nullable Value value, Graph from) {
    if (value == null) {
      return;
    }
    for (Graph g = from; g != null; g = g.outer()) {
      if (g == value.graph) {
        boolean gone =
            !value.name.isEmpty() && g.findLocal(value.name) != value
                || value.producer != null && value.producer.removed;
        if (!gone) {
          return;
        }
      }
    }
    throw new IllegalArgumentException(
        "value %s (expected: one that graph '%s' can see)".formatted(value.name, from.name()));
  }

  /**
   * Fails if one of {@code users}, nodes of the value's graph, is needed to make {@code value}.
   *
   * @throws IllegalArgumentException naming the value and a user
   */
  static void requireNoCycle(Value value, Set<Node> users) {
    Node producer = value.producer;
    if (producer == null || users.isEmpty()) {
      return;
    }
    value.graph.order();
    if (NodeOrder.dependsOnAny(value.graph, producer, users)) {
      throw new IllegalArgumentException(
          "value %s depends on its new user %s (expected: no cycle)"
              .formatted(value.name, users.iterator().next()));
    }
  }

  /**
   * Fails if {@code value} is of a graph around {@code from} and needs the node that holds {@code
   * from}.
   */
  static void requireCapturable(@Nullable Value value, Graph from) {
    Node owner = from.owner();
    if (value != null && value.graph != from && owner != null) {
      Node holder = owner.ancestorIn(value.graph);
      requireNoCycle(value, holder == null ? Set.of() : Set.of(holder));
    }
  }

  /** A nested graph's own value of the same name would hide {@code value}: it is renamed. */
  static void unshadow(Value value, Graph from) {
    for (Graph g = from; g != null && g != value.graph; g = g.outer()) {
      Value hiding = g.findLocal(value.name);
      if (hiding != null) {
        g.moveName(hiding, g.uniqueName(value.name));
      }
    }
  }
}
