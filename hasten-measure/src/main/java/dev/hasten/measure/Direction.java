package dev.hasten.measure;

/** Which way a metric is better. */
public enum Direction {
  /** More is better. */
  HIGHER_IS_BETTER,
  /** Less is better. */
  LOWER_IS_BETTER;

  /** How much worse {@code candidate} is than {@code original}; negative if it is better. */
  public double drop(double original, double candidate) {
    return switch (this) {
      case HIGHER_IS_BETTER -> original - candidate;
      case LOWER_IS_BETTER -> candidate - original;
    };
  }
}
