package dev.hasten.measure;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;

/**
 * Compares the speed of candidates with a baseline's on this machine.
 *
 * <p>All run in this process, interleaved: a block calls every subject once, in random order, on
 * the same input, and the baseline twice. So what slows the machine for a second slows all alike,
 * and ratios within a block stay true; the baseline against itself shows how true. Calls count
 * after the warm-up, which lasts until times stop drifting (at most a third of the row's budget).
 * Calls shorter than 20 µs are timed several in a row, and their mean is one sample.
 *
 * <p>The calling thread makes all calls, one at a time: times are latencies without contention.
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
   *
   * @throws IllegalStateException naming subject and row if a call fails
   */
  public static List<RowSpeed> run(
      Subject baseline,
      List<Subject> candidates,
      List<Row> rows,
      SpeedOptions options,
      Progress progress,
      BooleanSupplier cancelled) {
    List<Subject> subjects = new ArrayList<>();
    subjects.add(baseline);
    subjects.addAll(candidates);
    Set<String> names = new HashSet<>();
    for (Subject subject : subjects) {
      if (!names.add(subject.name())) {
        throw new IllegalArgumentException(
            "two subjects named " + subject.name() + " (expected: names that differ)");
      }
    }
    SplittableRandom random = new SplittableRandom(options.seed());
    List<RowSpeed> results = new ArrayList<>();
    for (Row row : rows) {
      if (cancelled.getAsBoolean()) {
        break;
      }
      try (RowRun run = new RowRun(row, subjects, options, random.split())) {
        run.measure(progress, cancelled).ifPresent(results::add);
      }
    }
    return List.copyOf(results);
  }
}
