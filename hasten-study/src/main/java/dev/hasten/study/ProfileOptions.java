package dev.hasten.study;

import dev.hasten.measure.Peaks;
import dev.hasten.study.generate.GivenShapes;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How to profile a model that comes without data.
 *
 * @param given sizes that the user gave
 * @param threads of the profiled row
 * @param perRow time for the calls of each row
 * @param scaling whether to look at other threads, batches and lengths
 * @param memory whether to measure memory in a process of its own
 * @param seed of the inputs
 * @param peaks the machine's, if they were measured before
 */
public record ProfileOptions(
    GivenShapes given,
    int threads,
    Duration perRow,
    boolean scaling,
    boolean memory,
    long seed,
    @Nullable Peaks peaks) {
  /** Everything guessed, one thread, 0.4 s a row. */
  public static final ProfileOptions DEFAULT =
      new ProfileOptions(GivenShapes.NONE, 1, Duration.ofMillis(400), true, true, 42, null);

  public ProfileOptions {
    if (threads < 1) {
      throw new dev.hasten.runtime.BadInputException("threads: " + threads + " (expected: >= 1)");
    }
  }

  /** The same with other sizes. */
  public ProfileOptions withGiven(GivenShapes changed) {
    return new ProfileOptions(changed, threads, perRow, scaling, memory, seed, peaks);
  }

  /** The same with other threads. */
  public ProfileOptions withThreads(int changed) {
    return new ProfileOptions(given, changed, perRow, scaling, memory, seed, peaks);
  }

  /** The same with other inputs. */
  public ProfileOptions withSeed(long changed) {
    return new ProfileOptions(given, threads, perRow, scaling, memory, changed, peaks);
  }

  /** The same without scaling and memory: where the time goes, not how it grows. */
  public ProfileOptions operatorsOnly() {
    return new ProfileOptions(given, threads, perRow, false, false, seed, peaks);
  }

  /** The quickest: operators and one latency, against known peaks. */
  public ProfileOptions quick(Peaks known) {
    return new ProfileOptions(given, threads, Duration.ofMillis(20), false, false, seed, known);
  }
}
