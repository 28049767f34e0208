package dev.hasten.runtime;

import java.time.Duration;

/** Where the time of one call went. Examples answered in one batch share its timing. */
public record Timing(Duration preprocessing, Duration inference, Duration postprocessing) {
  public Duration total() {
    return preprocessing.plus(inference).plus(postprocessing);
  }

  /** Between 0 and 1. */
  public double preprocessingShare() {
    long total = total().toNanos();
    return total == 0 ? 0 : (double) preprocessing.toNanos() / total;
  }
}
