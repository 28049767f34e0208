package dev.hasten.runtime;

import java.time.Duration;

/** How a {@link Batcher} forms batches. */
public sealed interface BatchPolicy {
  /**
   * By the model's cost and the requests' deadlines: whenever an instance is free and something
   * waits, the batch that gets most useful work done in time, of any size up to the tuned one.
   */
  record Adaptive() implements BatchPolicy {}

  /**
   * First come, first served: a batch runs once it has {@code size} examples or its first one has
   * waited for {@code delay}. What other servers do; kept to compare with.
   */
  record Fixed(int size, Duration delay) implements BatchPolicy {
    public Fixed {
      if (size < 1) {
        throw new BadInputException("size: " + size + " (expected: >= 1)");
      }
      if (delay.isNegative()) {
        throw new BadInputException("delay: " + delay + " (expected: >= 0)");
      }
    }
  }
}
