package dev.hasten.graph.rewrite;

/** Why the host does not compute a node. Control flow inside {@link Evaluator} only. */
final class Unfoldable extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final String reason;

  Unfoldable(String reason) {
    super(reason, null, false, false);
    this.reason = reason;
  }

  String reason() {
    return reason;
  }
}
