package dev.hasten.study;

import dev.hasten.measure.Row;
import dev.hasten.measure.Splitter;
import dev.hasten.runtime.PipelineSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;

/** Workloads and candidates for searches that run nothing. */
final class Searches {
  static final String BASELINE_SHA = "abc";
  static final Row FIRST = new Row(1, 0, 1);
  static final Row SECOND = new Row(8, 0, 1);

  private static final Map<String, String> HEADER = Map.of("workload", "fake");

  private Searches() {}

  static Workload workload(Objective objective) {
    return workload(
        objective, Workload.Limits.NONE, new Workload.Asked(0.01, 0.95, OptionalDouble.empty()));
  }

  static Workload workload(
      Objective objective, Workload.Limits limits, Workload.Asked promise, Workload.Peer... peers) {
    return new Workload(
        Path.of("w.yaml"),
        Path.of("m.onnx"),
        new PipelineSpec.Tensors(true),
        List.of(),
        Splitter.of(1),
        null,
        promise,
        objective,
        limits,
        List.of(FIRST, SECOND),
        1,
        Set.of(),
        Set.of(),
        List.of(peers),
        Path.of("bundle"),
        new Budget(Duration.ofMinutes(1)));
  }

  /** {@code t1} to {@code tN}, each with one step more than the one before. */
  static List<Study.Planned> candidates(int n) {
    List<Study.Planned> planned = new ArrayList<>();
    List<Step> steps = new ArrayList<>();
    for (int i = 1; i <= n; i++) {
      steps.add(new Step("step-" + i, Map.of("level", (long) i)));
      planned.add(new Study.Planned("t" + i, "candidate " + i, steps, "because"));
    }
    return planned;
  }

  static Search.Found run(
      Workload workload, FakeRunner runner, int candidates, Path journal, Progress progress) {
    return run(workload, runner, candidates(candidates), journal, progress);
  }

  static Search.Found run(
      Workload workload,
      FakeRunner runner,
      List<Study.Planned> candidates,
      Path journal,
      Progress progress) {
    try (Journal opened = Journal.open(journal, HEADER, false, runner.clock::get)) {
      return new Search(workload, runner, opened, true, progress)
          .run(Trials.original("m.onnx", 1_000, BASELINE_SHA), () -> candidates);
    }
  }
}
