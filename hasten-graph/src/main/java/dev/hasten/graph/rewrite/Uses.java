package dev.hasten.graph.rewrite;

import dev.hasten.graph.Node;
import dev.hasten.graph.Value;

/** Who reads a value. */
final class Uses {
  private Uses() {}

  /** Whether nothing but this node, of the same graph, reads the value. */
  static boolean only(Value value, Node user) {
    return !value.isOutput()
        && value.graph() == user.graph()
        && value.users().stream().allMatch(use -> use.node() == user);
  }

  /** Whether exactly one node input reads the value: it can be changed together with its reader. */
  static boolean once(Value value) {
    return !value.isOutput()
        && value.users().size() == 1
        && value.users().getFirst().node().graph() == value.graph();
  }
}
