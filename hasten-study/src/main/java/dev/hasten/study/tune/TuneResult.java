package dev.hasten.study.tune;

import dev.hasten.measure.CostModel;
import dev.hasten.measure.Hardware;
import dev.hasten.runtime.Tuning;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What {@link Tuner} found.
 *
 * @param bundle its name
 * @param goal 99 of 100 requests are to be answered within
 * @param memoryBytes limit on the model and its runs; 0: none
 * @param modelBytes memory of the loaded model, once; 0: there is no limit, so it was not measured
 * @param cores that were given
 * @param time how the time of a run grows, by intra-op threads of {@link #chosen}
 * @param tried all settings, the best first
 * @param curve the chosen setting at rising load
 * @param tuning what was chosen, ready for the bundle; absent if no setting kept the goal
 * @param notes what is worth knowing
 */
public record TuneResult(
    String bundle,
    Hardware hardware,
    int cores,
    Duration goal,
    long memoryBytes,
    long modelBytes,
    @Nullable CostModel time,
    List<Tried> tried,
    List<LoadPoint> curve,
    Optional<Tuning> tuning,
    List<String> notes) {
  public TuneResult {
    tried = List.copyOf(tried);
    curve = List.copyOf(curve);
    notes = List.copyOf(notes);
  }

  /**
   * A setting and the most that it does.
   *
   * @param best at the highest load at which it kept the goal; null if it kept it at none
   * @param lowest at the lowest load that was tried
   * @param rounds of the search that it was part of: the more, the more exact
   */
  public record Tried(Setting setting, @Nullable LoadPoint best, LoadPoint lowest, int rounds) {
    /** Requests a second within the goal; 0 if there is no such load. */
    public double capacity() {
      return best == null ? 0 : best.offered();
    }
  }

  /** The setting that was chosen. */
  public Optional<Tried> chosen() {
    return tuning.isEmpty() ? Optional.empty() : Optional.of(tried.getFirst());
  }

  /** The highest load of the curve at which the goal was kept. */
  public Optional<LoadPoint> knee() {
    return curve.stream()
        .filter(LoadPoint::kept)
        .reduce((a, b) -> a.offered() > b.offered() ? a : b);
  }
}
