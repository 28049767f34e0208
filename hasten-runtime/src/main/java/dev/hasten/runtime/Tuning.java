package dev.hasten.runtime;

import java.util.List;
import java.util.Optional;

/**
 * Runtime settings that measured best.
 *
 * @param backend a {@link Backend#name}
 * @param intraOpThreads as in {@link SessionOptions}; 0: as many as the cores given
 * @param maxBatch most examples in one run
 * @param batching settings of a {@link Batcher}; absent: not tuned
 */
public record Tuning(
    String backend,
    int intraOpThreads,
    Optimization optimization,
    Spinning spinning,
    int maxBatch,
    Optional<Batching> batching) {
  public Tuning {
    if (intraOpThreads < 0) {
      throw new BadInputException("intraOpThreads: " + intraOpThreads + " (expected: >= 0)");
    }
    if (maxBatch < 1) {
      throw new BadInputException("maxBatch: " + maxBatch + " (expected: >= 1)");
    }
  }

  public static Tuning defaults() {
    return new Tuning("cpu", 0, Optimization.ALL, Spinning.NEVER, 32, Optional.empty());
  }

  public Tuning withIntraOpThreads(int threads) {
    return new Tuning(backend, threads, optimization, spinning, maxBatch, batching);
  }

  public Tuning withMaxBatch(int examples) {
    return new Tuning(backend, intraOpThreads, optimization, spinning, examples, batching);
  }

  public Tuning withOptimization(Optimization level) {
    return new Tuning(backend, intraOpThreads, level, spinning, maxBatch, batching);
  }

  public Tuning withBatching(Batching settings) {
    return new Tuning(
        backend, intraOpThreads, optimization, spinning, maxBatch, Optional.of(settings));
  }

  /** Threads of one run. */
  int threads() {
    return intraOpThreads == 0 ? Cores.available() : intraOpThreads;
  }

  /** More threads than cores only get in each other's way: what was taken back is told. */
  Tuning within(int cores, List<String> warnings) {
    if (intraOpThreads <= cores) {
      return this;
    }
    warnings.add(
        "tuned with "
            + intraOpThreads
            + " threads, but this process is given "
            + cores
            + (cores == 1 ? " core" : " cores")
            + ": runs with "
            + cores);
    return withIntraOpThreads(cores);
  }

  /** How {@link Predictor} opens the model: what measures a tuning must open it the same way. */
  public SessionOptions sessionOptions() {
    return SessionOptions.defaults()
        .withIntraOpThreads(intraOpThreads)
        .withOptimization(optimization)
        .withSpinning(spinning);
  }
}
