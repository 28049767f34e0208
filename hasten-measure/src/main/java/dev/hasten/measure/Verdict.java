package dev.hasten.measure;

/** Whether a promise holds. */
public sealed interface Verdict {
  /** How much worse the candidate is, with one-sided bounds at the promise's confidence each. */
  Interval drop();

  /** How many examples decided. */
  int examples();

  /** In a sentence for people. */
  String text();

  /** KEPT, BROKEN or UNDECIDED. */
  default String name() {
    return switch (this) {
      case Kept k -> "KEPT";
      case Broken b -> "BROKEN";
      case Undecided u -> "UNDECIDED";
    };
  }

  /** The drop's upper bound is within the allowance. */
  record Kept(Interval drop, int examples, String text) implements Verdict {}

  /** The drop's lower bound is beyond the allowance. */
  record Broken(Interval drop, int examples, String text) implements Verdict {}

  /**
   * The data do not decide.
   *
   * @param examplesNeeded about how many examples would, if the drop is what it seems ({@code
   *     Long.MAX_VALUE}: no number would, the drop seems to be exactly the allowance)
   */
  record Undecided(Interval drop, int examples, long examplesNeeded, String text)
      implements Verdict {}
}
