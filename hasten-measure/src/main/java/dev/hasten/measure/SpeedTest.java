package dev.hasten.measure;

import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Compares the speed of candidates with a baseline's on this machine.
 *
 * <p>All run in this process, interleaved: a block calls every subject once, in random order, on
 * the same input, and the baseline twice. So what slows the machine for a second slows all alike,
 * and ratios within a block stay true. Calls go on after the warm-up, which lasts until times stop
 * drifting.
 */
public final class SpeedTest {
  private SpeedTest() {}

  /** Hears of progress. */
  @FunctionalInterface
  public interface Progress {
    /** {@code done} of {@code of} blocks of the row, as now expected. */
    void block(Row row, int done, int of);
  }

  /** Measures every row. */
  public static List<RowSpeed> run(
      Subject baseline, List<Subject> candidates, List<Row> rows, SpeedOptions options) {
    return run(baseline, candidates, rows, options, (row, done, of) -> {}, () -> false);
  }

  /**
   * Measures every row until {@code cancelled}; rows not begun by then are absent from the result,
   * the running one is given up.
   */
  public static List<RowSpeed> run(
      Subject baseline,
      List<Subject> candidates,
      List<Row> rows,
      SpeedOptions options,
      Progress progress,
      BooleanSupplier cancelled) {
    throw new UnsupportedOperationException();
  }
}
