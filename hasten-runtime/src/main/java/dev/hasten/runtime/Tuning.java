package dev.hasten.runtime;

/**
 * Runtime settings that measured best.
 *
 * @param backend a {@link Backend#name}
 * @param intraOpThreads as in {@link SessionOptions}; 0: as many as the cores given
 * @param maxBatch most examples in one run
 */
public record Tuning(
    String backend,
    int intraOpThreads,
    Optimization optimization,
    Spinning spinning,
    int maxBatch) {
  public Tuning {
    if (intraOpThreads < 0) {
      throw new BadInputException("intraOpThreads: " + intraOpThreads + " (expected: >= 0)");
    }
    if (maxBatch < 1) {
      throw new BadInputException("maxBatch: " + maxBatch + " (expected: >= 1)");
    }
  }

  public static Tuning defaults() {
    return new Tuning("cpu", 0, Optimization.ALL, Spinning.NEVER, 32);
  }

  public Tuning withIntraOpThreads(int threads) {
    return new Tuning(backend, threads, optimization, spinning, maxBatch);
  }

  public Tuning withMaxBatch(int examples) {
    return new Tuning(backend, intraOpThreads, optimization, spinning, examples);
  }

  /** How {@link Predictor} opens the model: what measures a tuning must open it the same way. */
  public SessionOptions sessionOptions() {
    return SessionOptions.defaults()
        .withIntraOpThreads(intraOpThreads)
        .withOptimization(optimization)
        .withSpinning(spinning);
  }
}
