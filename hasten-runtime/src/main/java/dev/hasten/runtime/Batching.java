package dev.hasten.runtime;

import java.time.Duration;
import java.util.Optional;

/**
 * Tuned settings of a {@link Batcher}: part of {@link Tuning}, written by {@code hasten tune}.
 *
 * @param instances runs that may go on at once, each with the tuning's threads
 * @param cost the model's measured cost
 * @param memoryBytes most memory of all runs at once by {@link BatchCost#bytes}, beside the model;
 *     0: no limit
 * @param deadline of interactive requests that name none; absent: they have as long as it takes
 */
public record Batching(
    int instances,
    BatchPolicy policy,
    BatchCost cost,
    long memoryBytes,
    Optional<Duration> deadline) {
  public Batching {
    if (instances < 1) {
      throw new BadInputException("instances: " + instances + " (expected: >= 1)");
    }
    if (memoryBytes < 0) {
      throw new BadInputException("memoryBytes: " + memoryBytes + " (expected: >= 0)");
    }
    if (deadline.isPresent() && !deadline.get().isPositive()) {
      throw new BadInputException("deadline: " + deadline.get() + " (expected: above 0)");
    }
  }

  /** One instance, adaptive, cost not measured, no limits. */
  public static Batching defaults() {
    return new Batching(1, new BatchPolicy.Adaptive(), BatchCost.unmeasured(), 0, Optional.empty());
  }

  public Batching withInstances(int count) {
    return new Batching(count, policy, cost, memoryBytes, deadline);
  }

  public Batching withPolicy(BatchPolicy how) {
    return new Batching(instances, how, cost, memoryBytes, deadline);
  }

  public Batching withCost(BatchCost measured) {
    return new Batching(instances, policy, measured, memoryBytes, deadline);
  }

  public Batching withMemoryBytes(long limit) {
    return new Batching(instances, policy, cost, limit, deadline);
  }

  public Batching withDeadline(Duration limit) {
    return new Batching(instances, policy, cost, memoryBytes, Optional.of(limit));
  }
}
