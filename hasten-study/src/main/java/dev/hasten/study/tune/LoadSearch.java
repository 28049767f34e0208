package dev.hasten.study.tune;

import dev.hasten.measure.Load;
import dev.hasten.measure.LoadTest;
import dev.hasten.runtime.Batcher;
import dev.hasten.runtime.BatcherOptions;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.Tuning;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The highest load at which one setting keeps the goal, between two bounds that close in. */
final class LoadSearch {
  /** Requests in a window at least, while that does not take too long: one may be late. */
  private static final int REQUESTS = 100;

  private static final int LONGEST_WINDOW = 6;

  /** Requests before the first that counts. */
  private static final int FEWEST = 8;

  private static final int MOST = 512;

  /** What does not keep the goal at this part of its peak never does. */
  private static final double HOPELESS = 20;

  /** A peak of so few requests is a little off. */
  private static final double MARGIN = 1.2;

  private final Path bundle;
  private final Setting setting;
  private final Tuning tuning;
  private final List<Example> examples;
  private final Duration goal;
  private final Consumer<String> told;
  private final double estimate;
  private double low;
  private double high;
  private double least;
  private @Nullable LoadPoint best;
  private @Nullable LoadPoint lowest;
  private int rounds;
  private long seed = 1;

  /**
   * @param tuning without a deadline: each request of a load has its own
   * @param estimate of the most requests a second that it could answer
   * @param told hears of each load before it is tried
   */
  LoadSearch(
      Path bundle,
      Setting setting,
      Tuning tuning,
      List<Example> examples,
      Duration goal,
      double estimate,
      Consumer<String> told) {
    this.bundle = bundle;
    this.setting = setting;
    this.tuning = tuning;
    this.examples = examples;
    this.goal = goal;
    this.told = told;
    this.estimate = estimate;
  }

  Setting setting() {
    return setting;
  }

  Tuning tuning() {
    return tuning;
  }

  double capacity() {
    return best == null ? 0 : best.offered();
  }

  TuneResult.Tried tried() {
    if (lowest == null) {
      throw new IllegalStateException(setting.text() + " was not tried");
    }
    return new TuneResult.Tried(setting, best, lowest, rounds);
  }

  /**
   * Halves the range so often. What an earlier, shorter round found is only a hint: its bounds are
   * opened a little, and must be kept again.
   */
  void narrow(int steps, Duration window) {
    if (rounds++ > 0) {
      low *= 0.8;
      high *= 1.1;
      best = null;
    }
    try (Batcher batcher = open(window)) {
      for (int step = 0; step < steps || (best == null && high > least); step++) {
        double rate = (low + high) / 2;
        LoadPoint point = load(batcher, rate, window);
        if (point.kept()) {
          low = rate;
          best = point;
        } else {
          high = rate;
          // The hint does not hold: further down.
          low = best == null && rate < 1.2 * low ? low / 2 : low;
        }
      }
    }
  }

  /** At rising load, for the picture. */
  List<LoadPoint> curve(List<Double> rates, Duration window) {
    List<LoadPoint> points = new ArrayList<>();
    try (Batcher batcher = open(window)) {
      for (double rate : rates) {
        points.add(load(batcher, rate, window));
      }
    }
    return points;
  }

  /** Warm, and the first time with the most that there is to be had as the upper bound. */
  private Batcher open(Duration window) {
    Batcher batcher = Batcher.open(bundle, BatcherOptions.defaults().withTuning(tuning));
    try {
      int some = (int) Math.clamp(estimate * seconds(window), FEWEST, MOST);
      List<Example> first = new ArrayList<>();
      for (int i = 0; i < some; i++) {
        first.add(examples.get(i % examples.size()));
      }
      double peak = LoadTest.offlinePeak(batcher::submit, first);
      if (high == 0) {
        high = MARGIN * peak;
        least = peak / HOPELESS;
      }
      return batcher;
    } catch (RuntimeException e) {
      batcher.close();
      throw e;
    }
  }

  private LoadPoint load(Batcher batcher, double rate, Duration window) {
    told.accept(String.format(Locale.ROOT, "%s at %.1f/s", setting.text(), rate));
    double wanted = Math.max(seconds(window), REQUESTS / rate);
    double time = Math.min(wanted, LONGEST_WINDOW * seconds(window));
    // At least a few arrive, however slow the model is.
    Duration length = Duration.ofNanos(Math.round(1e9 * Math.max(time, 10 / rate)));
    Load load = Load.of(rate, length, goal).withSeed(seed++);
    LoadPoint point = LoadPoint.of(rate, LoadTest.run(batcher::submit, examples, load));
    if (lowest == null || rate < lowest.offered()) {
      lowest = point;
    }
    return point;
  }

  private static double seconds(Duration duration) {
    return duration.toNanos() / 1e9;
  }
}
