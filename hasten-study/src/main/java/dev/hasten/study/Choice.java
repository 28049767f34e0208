package dev.hasten.study;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** The order in which finalists are preferred, and what rules one out. */
final class Choice {
  /** Two speeds closer than this are alike even on a quiet machine: the simpler recipe wins. */
  private static final double ALIKE = 0.03;

  private final Objective objective;
  private final Workload.Limits limits;
  private final Workload.Asked promise;
  private final boolean higherIsBetter;

  Choice(Workload workload, boolean higherIsBetter) {
    this.objective = workload.objective();
    this.limits = workload.limits();
    this.promise = workload.promise();
    this.higherIsBetter = higherIsBetter;
  }

  /** How good a measured trial is for the objective; 1 is the baseline. */
  double merit(Trial trial, Trial baseline) {
    return switch (objective) {
      case LATENCY -> trial.speed().isEmpty() ? 0 : trial.speed().getFirst().speedup().estimate();
      case THROUGHPUT -> {
        double best = throughput(baseline);
        yield best == 0 ? 0 : throughput(trial) / best;
      }
      case SIZE -> (double) baseline.fileBytes() / Math.max(1, trial.fileBytes());
    };
  }

  private static double throughput(Trial trial) {
    return trial.speed().stream().mapToDouble(SpeedRow::examplesPerSecond).max().orElse(0);
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
    if (promise.floor().isPresent() && belowFloor(quality.candidate())) {
      return Optional.of(
          "%s %.4g is beyond the floor %.4g"
              .formatted(quality.metric(), quality.candidate(), promise.floor().getAsDouble()));
    }
    if (limits.fileBytes().isPresent() && trial.fileBytes() > limits.fileBytes().getAsLong()) {
      return Optional.of(
          "file of %,d bytes (limit: %,d)"
              .formatted(trial.fileBytes(), limits.fileBytes().getAsLong()));
    }
    Duration p99 = limits.p99();
    if (p99 != null && trial.speed().getFirst().p99().compareTo(p99) > 0) {
      return Optional.of(
          "p99 of %s (limit: %s)"
              .formatted(Durations.text(trial.speed().getFirst().p99()), Durations.text(p99)));
    }
    Trial.MemoryUse memory = trial.memory();
    if (memory != null
        && limits.peakBytes().isPresent()
        && memory.modelBytes() > limits.peakBytes().getAsLong()) {
      return Optional.of(
          "%,d bytes of memory (limit: %,d)"
              .formatted(memory.modelBytes(), limits.peakBytes().getAsLong()));
    }
    SpeedRow headline = trial.speed().getFirst();
    return switch (objective) {
      case LATENCY ->
          headline.drowned() || headline.speedup().low() <= 1
              ? Optional.of("not faster than the original beyond the noise: " + headline.speedup())
              : Optional.empty();
      case THROUGHPUT ->
          merit(trial, baseline) <= 1 + ALIKE
              ? Optional.of("no more throughput than the original")
              : Optional.empty();
      case SIZE ->
          trial.fileBytes() >= baseline.fileBytes()
              ? Optional.of("not smaller than the original")
              : Optional.empty();
    };
  }

  boolean belowFloor(double score) {
    return promise.floor().isPresent()
        && (higherIsBetter
            ? score < promise.floor().getAsDouble()
            : score > promise.floor().getAsDouble());
  }

  /**
   * Best first. Trials whose merit is alike, within the noise, come in the order of simplicity: so
   * that measuring again, with other noise, ends with the same recipe.
   */
  List<Trial> order(List<Trial> finalists, Trial baseline) {
    List<Trial> left = new ArrayList<>(finalists);
    List<Trial> ordered = new ArrayList<>();
    while (!left.isEmpty()) {
      double best = left.stream().mapToDouble(t -> merit(t, baseline)).max().orElseThrow();
      Trial next =
          left.stream()
              .filter(t -> merit(t, baseline) >= best * (1 - ALIKE))
              .min(
                  Comparator.comparingInt((Trial t) -> t.recipe().size())
                      .thenComparingInt(Choice::settings)
                      .thenComparingLong(Trial::fileBytes)
                      .thenComparing(Trial::id))
              .orElseThrow();
      left.remove(next);
      ordered.add(next);
    }
    return List.copyOf(ordered);
  }

  private static int settings(Trial trial) {
    return trial.recipe().stream().mapToInt(step -> step.params().size()).sum();
  }
}
