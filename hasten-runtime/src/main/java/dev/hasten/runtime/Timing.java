package dev.hasten.runtime;

import java.time.Duration;

/**
 * Where the time of one call went. Examples answered in one batch share its timing.
 *
 * @param queue waiting in a {@link Batcher}; zero elsewhere
 */
public record Timing(
    Duration preprocessing, Duration queue, Duration inference, Duration postprocessing) {
  public Duration total() {
    return preprocessing.plus(queue).plus(inference).plus(postprocessing);
  }

  /** Between 0 and 1. */
  public double preprocessingShare() {
    long total = total().toNanos();
    return total == 0 ? 0 : (double) preprocessing.toNanos() / total;
  }
}
