package dev.hasten.runtime;

import java.time.Duration;
import java.util.Map;

/**
 * @param maxBatch most rows in one run, but for a request that has more itself
 * @param runBytes most memory of one run
 * @param instances runs at once
 */
record SchedulerSettings(
    BatchPolicy policy,
    BatchCost cost,
    int instances,
    int maxBatch,
    double runBytes,
    int maxItems,
    long maxBytes,
    Duration fairness,
    Map<String, Double> weights,
    double lowShare,
    Duration lowSlice,
    Duration patience) {
  static SchedulerSettings of(Tuning tuning, int mostAtOnce, BatcherOptions options) {
    Batching batching = tuning.batching().orElse(Batching.defaults());
    return new SchedulerSettings(
        batching.policy(),
        batching.cost(),
        batching.instances(),
        Math.min(tuning.maxBatch(), mostAtOnce),
        batching.memoryBytes() == 0
            ? Double.POSITIVE_INFINITY
            : (double) batching.memoryBytes() / batching.instances(),
        options.maxQueueItems(),
        options.maxQueueBytes(),
        options.fairness(),
        options.weights(),
        options.lowShare(),
        options.lowSlice(),
        options.patience());
  }
}
