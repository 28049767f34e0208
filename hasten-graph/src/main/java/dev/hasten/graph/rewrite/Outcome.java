package dev.hasten.graph.rewrite;

/** What a rule made of one node. */
public sealed interface Outcome {
  /** The rule has nothing to do here. */
  record None() implements Outcome {
    static final None INSTANCE = new None();
  }

  /** The node has the form that the rule looks for, but a condition does not hold. */
  record Refused(String reason) implements Outcome {}

  /** The graph was changed. */
  record Changed(String what) implements Outcome {}

  /** Nothing to do. */
  static Outcome none() {
    return None.INSTANCE;
  }

  /** Not done, and why. */
  static Outcome refused(String reason) {
    return new Refused(reason);
  }

  /** Done, and what. */
  static Outcome changed(String what) {
    return new Changed(what);
  }
}
