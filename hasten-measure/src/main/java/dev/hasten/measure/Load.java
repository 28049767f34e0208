package dev.hasten.measure;

import java.time.Duration;
import java.util.Optional;

/**
 * What a {@link LoadTest} asks for.
 *
 * @param perSecond requests per second on average; they arrive as a Poisson process
 * @param time for which they arrive
 * @param goal within which an answer counts, from the moment at which its request was to arrive;
 *     absent: every answer counts
 * @param seed of the arrivals and of the examples drawn
 */
public record Load(double perSecond, Duration time, Optional<Duration> goal, long seed) {
  public Load {
    if (!(perSecond > 0) || Double.isInfinite(perSecond)) {
      throw new IllegalArgumentException("perSecond: " + perSecond + " (expected: above 0)");
    }
    if (!time.isPositive()) {
      throw new IllegalArgumentException("time: " + time + " (expected: above 0)");
    }
    if (goal.isPresent() && !goal.get().isPositive()) {
      throw new IllegalArgumentException("goal: " + goal.get() + " (expected: above 0)");
    }
  }

  /** Requests whose answers are wanted within {@code goal}. */
  public static Load of(double perSecond, Duration time, Duration goal) {
    return new Load(perSecond, time, Optional.of(goal), 7);
  }

  /** The same with other arrivals. */
  public Load withSeed(long other) {
    return new Load(perSecond, time, goal, other);
  }
}
