package dev.hasten.measure;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;

/** One row of a {@link SpeedTest}: subjects opened, warmed up, timed in blocks, closed. */
final class RowRun implements AutoCloseable {
  /** The shortest sample that the clock's own cost and grain do not blur. */
  private static final long SHORTEST_NANOS = 20_000;

  private static final int MOST_REPEATS = 10_000;

  /** The least blocks of warm-up; also the window within which drift is looked for. */
  private static final int WINDOW = 6;

  private final Row row;
  private final List<Subject> subjects;
  private final List<Subject.Call> calls = new ArrayList<>();
  private final SpeedOptions options;
  private final SplittableRandom random;
  private int repeats = 1;
  private int input;

  RowRun(Row row, List<Subject> subjects, SpeedOptions options, SplittableRandom random) {
    this.row = row;
    this.subjects = subjects;
    this.options = options;
    this.random = random;
  }

  /** Empty if cancelled. */
  Optional<RowSpeed> measure(SpeedTest.Progress progress, BooleanSupplier cancelled) {
    long start = System.nanoTime();
    long budget = options.budgetPerRow().toNanos();
    for (Subject subject : subjects) {
      try {
        calls.add(subject.opener().open(row));
      } catch (Exception e) {
        throw failed(subject, e);
      }
    }
    long opened = System.nanoTime();
    boolean stable = warmUp(opened + budget / 3, cancelled);
    List<long[]> blocks = new ArrayList<>();
    long warm = System.nanoTime();
    while (blocks.size() < options.maxBlocks()) {
      if (cancelled.getAsBoolean()) {
        return Optional.empty();
      }
      long spent = System.nanoTime() - start;
      if (blocks.size() >= options.minBlocks() && spent >= budget) {
        break;
      }
      blocks.add(block());
      long perBlock = Math.max(1, (System.nanoTime() - warm) / blocks.size());
      long left = Math.max(0, budget - spent) / perBlock;
      long expected = Math.max(options.minBlocks(), blocks.size() + left);
      progress.block(row, blocks.size(), (int) Math.min(expected, options.maxBlocks()));
    }
    return Optional.of(result(blocks, stable));
  }

  /** Whether times stopped drifting before the time was up. */
  private boolean warmUp(long deadline, BooleanSupplier cancelled) {
    List<long[]> blocks = new ArrayList<>();
    while (!cancelled.getAsBoolean()) {
      blocks.add(block());
      if (blocks.size() == 2) {
        long shortest = Arrays.stream(blocks.get(1)).min().orElse(1);
        long wanted = (SHORTEST_NANOS + shortest - 1) / Math.max(1, shortest);
        repeats = (int) Math.clamp(wanted, 1, MOST_REPEATS);
      }
      if (blocks.size() >= 2 * WINDOW && settled(blocks)) {
        return true;
      }
      if (blocks.size() >= WINDOW / 2 && System.nanoTime() >= deadline) {
        return blocks.size() >= 2 * WINDOW && settled(blocks);
      }
    }
    return false;
  }

  /** No subject is faster now, by more than 3 %, than it was a window ago. */
  private boolean settled(List<long[]> blocks) {
    int end = blocks.size();
    for (int s = 0; s <= subjects.size(); s++) {
      double before = median(blocks.subList(end - 2 * WINDOW, end - WINDOW), s);
      double now = median(blocks.subList(end - WINDOW, end), s);
      if (now < 0.97 * before) {
        return false;
      }
    }
    return true;
  }

  private static double median(List<long[]> blocks, int column) {
    long[] times = blocks.stream().mapToLong(b -> b[column]).sorted().toArray();
    return times[times.length / 2];
  }

  /**
   * One call of each in random order, the baseline twice.
   *
   * @return nanoseconds per call by subject; the baseline's second call comes last
   */
  private long[] block() {
    int slots = subjects.size() + 1;
    int[] order = new int[slots];
    for (int i = 0; i < slots; i++) {
      int at = random.nextInt(i + 1);
      order[i] = order[at];
      order[at] = i;
    }
    long[] nanos = new long[slots];
    for (int slot : order) {
      int subject = slot == subjects.size() ? 0 : slot;
      Subject.Call call = calls.get(subject);
      try {
        long before = System.nanoTime();
        for (int i = 0; i < repeats; i++) {
          call.run(input);
        }
        nanos[slot] = Math.max(1, (System.nanoTime() - before) / repeats);
      } catch (Exception e) {
        throw failed(subjects.get(subject), e);
      }
    }
    input++;
    return nanos;
  }

  private RowSpeed result(List<long[]> blocks, boolean stable) {
    int second = subjects.size();
    double[] again = new double[blocks.size()];
    double[] baseline = new double[blocks.size()];
    for (int b = 0; b < again.length; b++) {
      long[] nanos = blocks.get(b);
      again[b] = nanos[0] / (double) nanos[second];
      baseline[b] = Math.sqrt((double) nanos[0] * nanos[second]);
    }
    Interval noise = Bootstrap.median(again, options.confidence(), options.seed());
    List<SubjectSpeed> speeds = new ArrayList<>();
    for (int s = 0; s < subjects.size(); s++) {
      int column = s;
      double[] times =
          s == 0
              ? blocks.stream()
                  .flatMapToDouble(b -> Arrays.stream(new double[] {b[0], b[second]}))
                  .toArray()
              : blocks.stream().mapToDouble(b -> b[column]).toArray();
      Interval speedup = Interval.exact(1);
      if (s > 0) {
        double[] ratios = new double[blocks.size()];
        for (int b = 0; b < ratios.length; b++) {
          ratios[b] = baseline[b] / blocks.get(b)[s];
        }
        speedup = Bootstrap.median(ratios, options.confidence(), options.seed() + s);
      }
      speeds.add(speed(subjects.get(s).name(), times, speedup, noise));
    }
    return new RowSpeed(row, speeds, noise, stable);
  }

  private SubjectSpeed speed(String name, double[] times, Interval speedup, Interval noise) {
    Arrays.sort(times);
    Duration p50 = at(times, 0.5);
    return new SubjectSpeed(
        name,
        times.length,
        p50,
        at(times, 0.95),
        at(times, 0.99),
        row.batch() / (Math.max(1, p50.toNanos()) * 1e-9),
        speedup,
        drowned(speedup, noise));
  }

  /** Whether 1 is within the interval, or the difference is no larger than the baseline's own. */
  private static boolean drowned(Interval speedup, Interval noise) {
    double own = Math.max(Math.abs(Math.log(noise.low())), Math.abs(Math.log(noise.high())));
    return speedup.contains(1) || Math.abs(Math.log(speedup.estimate())) <= own;
  }

  /** The smallest time that the share of calls does not exceed. */
  private static Duration at(double[] sorted, double share) {
    int place = (int) Math.ceil(share * sorted.length) - 1;
    return Duration.ofNanos(Math.round(sorted[Math.max(0, place)]));
  }

  private IllegalStateException failed(Subject subject, Exception e) {
    return new IllegalStateException(subject.name() + " at " + row + ": " + e.getMessage(), e);
  }

  @Override
  public void close() {
    RuntimeException first = null;
    for (int i = 0; i < calls.size(); i++) {
      try {
        calls.get(i).close();
      } catch (Exception e) {
        RuntimeException failed = failed(subjects.get(i), e);
        if (first == null) {
          first = failed;
        } else {
          first.addSuppressed(failed);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }
}
