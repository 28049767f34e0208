package dev.hasten.runtime;

import java.time.Duration;
import java.util.Optional;

/**
 * How a {@link Predictor} runs.
 *
 * @param tuning in place of the bundle's own settings
 * @param asyncThreads threads that answer asynchronous calls
 * @param asyncQueue asynchronous calls that may wait; one more fails at once with {@link
 *     java.util.concurrent.RejectedExecutionException}
 * @param timeout limit of each call; for asynchronous calls it includes waiting
 */
public record PredictorOptions(
    Optional<Tuning> tuning, int asyncThreads, int asyncQueue, Optional<Duration> timeout) {
  public PredictorOptions {
    if (asyncThreads < 1) {
      throw new BadInputException("asyncThreads: " + asyncThreads + " (expected: >= 1)");
    }
    if (asyncQueue < 1) {
      throw new BadInputException("asyncQueue: " + asyncQueue + " (expected: >= 1)");
    }
  }

  /** The bundle's tuning, one asynchronous thread, 1024 calls waiting at most, no time limit. */
  public static PredictorOptions defaults() {
    return new PredictorOptions(Optional.empty(), 1, 1024, Optional.empty());
  }

  public PredictorOptions withTuning(Tuning settings) {
    return new PredictorOptions(Optional.of(settings), asyncThreads, asyncQueue, timeout);
  }

  public PredictorOptions withAsyncThreads(int threads) {
    return new PredictorOptions(tuning, threads, asyncQueue, timeout);
  }

  public PredictorOptions withAsyncQueue(int calls) {
    return new PredictorOptions(tuning, asyncThreads, calls, timeout);
  }

  public PredictorOptions withTimeout(Duration limit) {
    return new PredictorOptions(tuning, asyncThreads, asyncQueue, Optional.of(limit));
  }
}
