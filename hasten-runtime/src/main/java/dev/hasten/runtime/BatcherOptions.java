package dev.hasten.runtime;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * How a {@link Batcher} runs.
 *
 * @param tuning in place of the bundle's own settings
 * @param maxQueueItems requests that may wait or be prepared; low ones half of that; those whose
 *     run was stopped come on top of it
 * @param maxQueueBytes memory of their tensors ({@link Prepared#bytes}); low ones half of that
 * @param preprocessingThreads threads that prepare examples; 0: the caller's own
 * @param fairness lead that one client may get over another that also waits, in time of the
 *     instances
 * @param weights a client's share relative to that of others; 1 where absent
 * @param lowShare share of the time, 0 to 1, that low requests get while interactive ones always
 *     wait; above 0, so that they do not starve
 * @param lowSlice longest run of low requests while interactive ones come in, and how far low
 *     requests fall behind their share before they go first; a single request may take longer
 * @param patience how long a request without a deadline waits before those that are due later
 * @param listener told of everything that happens
 */
public record BatcherOptions(
    Optional<Tuning> tuning,
    int maxQueueItems,
    long maxQueueBytes,
    int preprocessingThreads,
    Duration fairness,
    Map<String, Double> weights,
    double lowShare,
    Duration lowSlice,
    Duration patience,
    BatcherListener listener) {
  public BatcherOptions {
    weights = Map.copyOf(weights);
    if (maxQueueItems < 1) {
      throw new BadInputException("maxQueueItems: " + maxQueueItems + " (expected: >= 1)");
    }
    if (maxQueueBytes < 1) {
      throw new BadInputException("maxQueueBytes: " + maxQueueBytes + " (expected: >= 1)");
    }
    if (preprocessingThreads < 0) {
      throw new BadInputException(
          "preprocessingThreads: " + preprocessingThreads + " (expected: >= 0)");
    }
    weights.forEach((client, weight) -> {
      if (!(weight > 0)) {
        throw new BadInputException("weights." + client + ": " + weight + " (expected: above 0)");
      }
    });
    if (!(lowShare > 0 && lowShare < 1)) {
      throw new BadInputException("lowShare: " + lowShare + " (expected: 0 < lowShare < 1)");
    }
    requirePositive("fairness", fairness);
    requirePositive("lowSlice", lowSlice);
    requirePositive("patience", patience);
  }

  private static void requirePositive(String name, Duration value) {
    if (!value.isPositive()) {
      throw new BadInputException(name + ": " + value + " (expected: above 0)");
    }
  }

  /**
   * The bundle's tuning, 4096 requests of 256 MiB waiting at most, preparation in the caller's
   * thread, clients equal within 50 ms, low requests at 5 % in runs of 20 ms, patience of a second.
   */
  public static BatcherOptions defaults() {
    return new BatcherOptions(
        Optional.empty(),
        4096,
        256L << 20,
        0,
        Duration.ofMillis(50),
        Map.of(),
        0.05,
        Duration.ofMillis(20),
        Duration.ofSeconds(1),
        BatcherListener.NONE);
  }

  public BatcherOptions withTuning(Tuning settings) {
    return new BatcherOptions(
        Optional.of(settings),
        maxQueueItems,
        maxQueueBytes,
        preprocessingThreads,
        fairness,
        weights,
        lowShare,
        lowSlice,
        patience,
        listener);
  }

  public BatcherOptions withMaxQueue(int items, long bytes) {
    return new BatcherOptions(
        tuning,
        items,
        bytes,
        preprocessingThreads,
        fairness,
        weights,
        lowShare,
        lowSlice,
        patience,
        listener);
  }

  public BatcherOptions withPreprocessingThreads(int threads) {
    return new BatcherOptions(
        tuning,
        maxQueueItems,
        maxQueueBytes,
        threads,
        fairness,
        weights,
        lowShare,
        lowSlice,
        patience,
        listener);
  }

  public BatcherOptions withFairness(Duration lead, Map<String, Double> shares) {
    return new BatcherOptions(
        tuning,
        maxQueueItems,
        maxQueueBytes,
        preprocessingThreads,
        lead,
        shares,
        lowShare,
        lowSlice,
        patience,
        listener);
  }

  public BatcherOptions withLow(double share, Duration slice) {
    return new BatcherOptions(
        tuning,
        maxQueueItems,
        maxQueueBytes,
        preprocessingThreads,
        fairness,
        weights,
        share,
        slice,
        patience,
        listener);
  }

  public BatcherOptions withPatience(Duration limit) {
    return new BatcherOptions(
        tuning,
        maxQueueItems,
        maxQueueBytes,
        preprocessingThreads,
        fairness,
        weights,
        lowShare,
        lowSlice,
        limit,
        listener);
  }

  public BatcherOptions withListener(BatcherListener told) {
    return new BatcherOptions(
        tuning,
        maxQueueItems,
        maxQueueBytes,
        preprocessingThreads,
        fairness,
        weights,
        lowShare,
        lowSlice,
        patience,
        told);
  }
}
