package dev.hasten.study;

import dev.hasten.measure.Row;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** The order in which finalists are preferred, and what rules one out. */
final class Choice {
  /**
   * Two speeds closer than this are alike: from one run to the next, quiet as the machine may be,
   * their ratio moves by about as much.
   */
  private static final double ALIKE = 0.05;

  /**
   * What is gained at least, by the interval's lower end: less than one percent is shown as 1.00x,
   * and no more than another start of the same process makes.
   */
  private static final double WORTH = 1.01;

  /** A file larger by less than this share is no larger to anybody. */
  private static final double SAME_SIZE = 0.01;

  private final Objective objective;
  private final Workload.Limits limits;
  private final Workload.Asked promise;
  private final Row judged;
  private final boolean higherIsBetter;

  /**
   * @param judged the row on which speed is judged
   */
  Choice(Workload workload, Row judged, boolean higherIsBetter) {
    this.objective = workload.objective();
    this.limits = workload.limits();
    this.promise = workload.promise();
    this.judged = judged;
    this.higherIsBetter = higherIsBetter;
  }

  Row judged() {
    return judged;
  }

  /** How good a measured trial is for the objective; 1 is the baseline. */
  double merit(Trial trial, Trial baseline) {
    return switch (objective) {
      case LATENCY, THROUGHPUT -> trial.at(judged).map(s -> s.speedup().estimate()).orElse(0.0);
      case SIZE -> (double) baseline.fileBytes() / Math.max(1, trial.fileBytes());
    };
  }

  /** Why the trial may not be delivered, if so. */
  Optional<String> ruledOut(Trial trial, Trial baseline) {
    Quality quality = trial.validate();
    if (quality == null || trial.speed().isEmpty()) {
      return Optional.of("not measured to the end");
    }
    if (quality.verdict() == Quality.Verdict.BROKEN) {
      return Optional.of("breaks the promise on the validate split: " + quality.text());
    }
    return belowFloor(quality)
        .or(() -> tooLarge(trial))
        .or(() -> tooLate(trial))
        .or(() -> tooHungry(trial))
        .or(() -> noBetter(trial, baseline))
        .or(() -> slowerElsewhere(trial));
  }

  /** Whether, as far as is known after its trial, it would be delivered. */
  boolean promising(Trial trial, Trial baseline) {
    return trial.status() == Trial.Status.MEASURED
        && drop(trial) <= promise.maxDrop()
        && noBetter(trial, baseline).isEmpty()
        && slowerElsewhere(trial).isEmpty();
  }

  /** Whether it keeps the promise for sure, as far as the validate split tells. */
  boolean keeps(Trial trial) {
    Quality quality = trial.validate();
    return trial.status() == Trial.Status.MEASURED && quality != null && keeps(quality);
  }

  /** Whether it keeps the promise for sure, as far as the validate split tells. */
  boolean keeps(Quality quality) {
    return quality.verdict() == Quality.Verdict.KEPT && belowFloor(quality).isEmpty();
  }

  Optional<String> belowFloor(Quality quality) {
    if (promise.floor().isEmpty()) {
      return Optional.empty();
    }
    double floor = promise.floor().getAsDouble();
    boolean kept = higherIsBetter ? quality.candidate() >= floor : quality.candidate() <= floor;
    return kept
        ? Optional.empty()
        : Optional.of(
            "%s %.4g is beyond the floor %.4g"
                .formatted(quality.metric(), quality.candidate(), floor));
  }

  /** The size is known as soon as the model is made. */
  Optional<String> tooLarge(Trial trial) {
    return limits.fileBytes().isPresent() && trial.fileBytes() > limits.fileBytes().getAsLong()
        ? Optional.of(
            "file of %,d bytes (limit: %,d)"
                .formatted(trial.fileBytes(), limits.fileBytes().getAsLong()))
        : Optional.empty();
  }

  /** Whether it is slower than the original beyond doubt; no matter where size is the objective. */
  Optional<String> slower(Trial trial) {
    return objective == Objective.SIZE
        ? Optional.empty()
        : trial
            .at(judged)
            .filter(s -> s.speedup().high() < 1)
            .map(s -> "slower than the original: " + s.speedup());
  }

  private Optional<String> tooLate(Trial trial) {
    Duration p99 = limits.p99();
    SpeedRow first = trial.speed().getFirst();
    return p99 != null && first.p99().compareTo(p99) > 0
        ? Optional.of(
            "p99 of %s (limit: %s)".formatted(Durations.text(first.p99()), Durations.text(p99)))
        : Optional.empty();
  }

  private Optional<String> tooHungry(Trial trial) {
    if (limits.peakBytes().isEmpty()) {
      return Optional.empty();
    }
    long limit = limits.peakBytes().getAsLong();
    Trial.MemoryUse memory = trial.memory();
    if (memory == null) {
      return Optional.of("its memory could not be measured (limit: %,d bytes)".formatted(limit));
    }
    return memory.modelBytes() > limit
        ? Optional.of("%,d bytes of memory (limit: %,d)".formatted(memory.modelBytes(), limit))
        : Optional.empty();
  }

  /** Why it is no gain for the objective, as far as it was measured. */
  Optional<String> noBetter(Trial trial, Trial baseline) {
    if (objective == Objective.SIZE) {
      return trial.fileBytes() >= baseline.fileBytes()
          ? Optional.of("not smaller than the original")
          : Optional.empty();
    }
    return trial
        .at(judged)
        .map(s ->
            s.drowned() || s.speedup().low() < WORTH
                ? Optional.of("not faster than the original beyond the noise: " + s.speedup())
                : Optional.<String>empty())
        .orElse(Optional.of("not measured at " + judged));
  }

  /**
   * Whether it is slower than the original, beyond doubt, at a row that is not judged: the user
   * named that row since it matters. Who asks for size accepts that.
   */
  private Optional<String> slowerElsewhere(Trial trial) {
    if (objective == Objective.SIZE) {
      return Optional.empty();
    }
    return trial.speed().stream()
        .filter(s -> !s.row().equals(judged) && !s.drowned() && s.speedup().high() < 1)
        .findFirst()
        .map(s -> "slower than the original at %s: %s".formatted(s.row(), s.speedup()));
  }

  /**
   * Best first.
   *
   * <p>Those whose estimated drop is more than allowed come last: they would hardly pass the test,
   * and each test costs confidence. Otherwise merit decides, and where it is alike, within the
   * noise, in turn: quality, if the data tell it apart; size; simplicity. So measuring again, with
   * other noise, ends with the same recipe. Being alike is no equivalence (a may be like b and b
   * like c, but not a like c), so it is always judged against the best of those that are left.
   */
  List<Trial> order(List<Trial> finalists, Trial baseline) {
    Predicate<Trial> likely = t -> drop(t) <= promise.maxDrop();
    List<Trial> ordered = new ArrayList<>();
    for (Predicate<Trial> group : List.of(likely, likely.negate())) {
      List<Trial> left = new ArrayList<>(finalists.stream().filter(group).toList());
      while (!left.isEmpty()) {
        Trial next = best(left, baseline);
        left.remove(next);
        ordered.add(next);
      }
    }
    return List.copyOf(ordered);
  }

  private Trial best(List<Trial> trials, Trial baseline) {
    double merit = trials.stream().mapToDouble(t -> merit(t, baseline)).max().orElseThrow();
    List<Trial> fast = only(trials, t -> merit(t, baseline) >= merit * (1 - ALIKE));
    double drop = fast.stream().mapToDouble(Choice::drop).min().orElseThrow();
    double bound =
        fast.stream().filter(t -> drop(t) == drop).mapToDouble(Choice::worst).max().orElse(drop);
    List<Trial> good = only(fast, t -> drop(t) <= bound);
    long bytes = good.stream().mapToLong(Trial::fileBytes).min().orElseThrow();
    return only(good, t -> t.fileBytes() <= bytes * (1 + SAME_SIZE)).stream()
        .min(
            Comparator.comparingInt((Trial t) -> t.recipe().size())
                .thenComparingInt(Choice::settings)
                .thenComparing(Trial::id))
        .orElseThrow();
  }

  private static List<Trial> only(List<Trial> trials, Predicate<Trial> which) {
    return trials.stream().filter(which).toList();
  }

  /** The estimated drop; infinite where there is none. */
  private static double drop(Trial trial) {
    Quality quality = trial.validate();
    return quality == null || Double.isNaN(quality.drop().estimate())
        ? Double.POSITIVE_INFINITY
        : quality.drop().estimate();
  }

  /** The most that the drop may be, by its interval. */
  private static double worst(Trial trial) {
    Quality quality = trial.validate();
    return quality == null || Double.isNaN(quality.drop().high())
        ? Double.POSITIVE_INFINITY
        : quality.drop().high();
  }

  private static int settings(Trial trial) {
    return trial.recipe().stream().mapToInt(step -> step.params().size()).sum();
  }
}
