package dev.hasten.runtime;

/**
 * A {@link BatchCost} kept true: its scale follows the runs, as the machine may be busy with other
 * work, or another one than the model was measured on.
 */
final class CostEstimate {
  /** Weight of the newest run: about the last 20 count. */
  private static final double NEWEST = 0.1;

  /** One run held up by something else must not upset the estimate. */
  private static final double MOST_AT_ONCE = 1.5;

  private final BatchCost cost;
  private double scale = 1;
  private boolean known;

  CostEstimate(BatchCost cost) {
    this.cost = cost;
    this.known = !cost.equals(BatchCost.unmeasured());
  }

  /** Whether it was measured, or anything has run. */
  boolean known() {
    return known;
  }

  /** Of a run of {@code rows} padded to {@code length}. */
  long nanos(int rows, int length) {
    return Math.max(1, Math.round(scale * 1e9 * cost.seconds(rows, length)));
  }

  /** What a run costs whatever is in it. */
  double nanosPerRun() {
    return scale * 1e9 * cost.seconds(0, 0);
  }

  /** Of one row among {@code batch} of its own length. */
  double nanosPerRow(int batch, int length) {
    return scale * 1e9 * cost.seconds(batch, length) / batch;
  }

  double bytes(int rows, int length) {
    return cost.bytes(rows, length);
  }

  /** Actual over measured time. */
  double scale() {
    return scale;
  }

  void ran(int rows, int length, long nanos) {
    double found = Math.max(1, nanos) / (1e9 * cost.seconds(rows, length));
    if (!known) {
      scale = found;
      known = true;
      return;
    }
    double bounded = Math.max(scale / MOST_AT_ONCE, Math.min(scale * MOST_AT_ONCE, found));
    scale += NEWEST * (bounded - scale);
  }
}
