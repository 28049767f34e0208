package dev.hasten.study;

/**
 * What one strategy could do for this workload on this machine.
 *
 * @param strategy the strategy
 * @param can whether Hasten can apply it today
 * @param low least expected speed-up at the profiled row; 1 is none
 * @param high most expected speed-up
 * @param reason in a sentence or two, from measurements
 */
public record Advice(Strategy strategy, boolean can, double low, double high, String reason) {
  /** The ways to make a model answer faster. */
  public enum Strategy {
    SIMPLIFY_AND_FUSE("Simplification and fusion"),
    QUANTIZATION("Quantization"),
    PRUNING("Pruning"),
    DISTILLATION("Distillation"),
    FACTORIZATION("Low-rank and efficient operators"),
    BATCHING_AND_PADDING("Batching and padding"),
    EARLY_EXIT("Early exit"),
    BACKEND_AND_THREADS("Backend and threads");

    private final String title;

    Strategy(String title) {
      this.title = title;
    }

    /** For people. */
    public String title() {
      return title;
    }
  }
}
