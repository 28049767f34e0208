package dev.hasten.study;

import dev.hasten.graph.Model;
import dev.hasten.measure.Hardware;
import dev.hasten.measure.OperatorProfile;
import dev.hasten.measure.Peaks;
import dev.hasten.measure.Placement;
import dev.hasten.measure.Roofline;
import dev.hasten.measure.Row;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.EnvironmentException;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Takes a profile of a model on the workload's data. */
final class Profiler {
  private static final int WARM_UP = 5;
  private static final int PROFILED = 20;

  /** Nodes kept in the result; the rest is in the sums per operator. */
  private static final int TOP = 60;

  private final Lab lab;
  private final Workload workload;
  private final Hardware hardware;

  Profiler(Lab lab, Workload workload, Hardware hardware) {
    this.lab = lab;
    this.workload = workload;
    this.hardware = hardware;
  }

  /**
   * @param careful whether to look at other threads, batches and lengths too
   */
  ProfileResult profile(Path file, boolean careful) {
    Row row = workload.rows().getFirst();
    Model model = Model.read(file);
    OperatorProfile operators = operators(file, row);
    Peaks peaks = Peaks.measure(row.threads(), Duration.ofSeconds(2));
    List<Placement> placements = Roofline.place(operators, model, peaks);
    double flops = placements.stream().mapToDouble(Placement::flops).sum();
    List<ProfileResult.Scaling> scaling = new ArrayList<>();
    if (careful) {
      for (Row other : scaled(row)) {
        Duration latency = latency(file, other);
        double perSecond = other.batch() / (latency.toNanos() / 1e9);
        scaling.add(new ProfileResult.Scaling(other, latency, perSecond));
      }
    }
    double padding =
        workload.rows().stream().mapToDouble(r -> lab.data().padding(r)).max().orElse(0);
    return new ProfileResult(
        String.valueOf(file.getFileName()),
        row,
        latency(file, row),
        preprocessing(row),
        new OperatorProfile(
            operators.runs(),
            operators.run(),
            operators.operators(),
            operators.nodes().subList(0, Math.min(TOP, operators.nodes().size()))),
        placements.subList(0, Math.min(TOP, placements.size())),
        peaks,
        scaling,
        model.parameters(),
        model.weightBytes(),
        flops,
        padding);
  }

  private Set<Row> scaled(Row row) {
    Set<Row> rows = new LinkedHashSet<>();
    rows.add(new Row(row.batch(), row.length(), 1));
    rows.add(new Row(row.batch(), row.length(), hardware.cores()));
    if (lab.data().pipeline().batches()) {
      rows.add(new Row(8, row.length(), row.threads()));
    }
    if (workload.pipeline() instanceof PipelineSpec.Text text) {
      for (int length : new int[] {16, 64, 128}) {
        if (length <= text.maxLength()) {
          rows.add(new Row(1, length, row.threads()));
        }
      }
    }
    return rows;
  }

  private OperatorProfile operators(Path file, Row row) {
    try {
      Path folder = Files.createTempDirectory("hasten-profile");
      try {
        SessionOptions options =
            SessionOptions.defaults()
                .withIntraOpThreads(row.threads())
                .withProfileTo(folder.resolve("profile"));
        try (Session session = Backend.cpu().open(file, options)) {
          List<Map<String, NdArray>> inputs = lab.inputs(row);
          for (int i = 0; i < WARM_UP + PROFILED; i++) {
            session.run(inputs.get(i % inputs.size()));
          }
          return OperatorProfile.read(session.endProfiling(), WARM_UP);
        }
      } finally {
        try (var files = Files.list(folder)) {
          for (Path left : files.toList()) {
            Files.delete(left);
          }
        }
        Files.delete(folder);
      }
    } catch (IOException e) {
      throw new EnvironmentException("the profile cannot be written: " + e, e);
    }
  }

  /** Median of the calls of about half a second. */
  private Duration latency(Path file, Row row) {
    SessionOptions options = SessionOptions.defaults().withIntraOpThreads(row.threads());
    List<Map<String, NdArray>> inputs = lab.inputs(row);
    try (Session session = Backend.cpu().open(file, options)) {
      return median(i -> session.run(inputs.get(i % inputs.size())), Duration.ofMillis(700));
    }
  }

  private Duration preprocessing(Row row) {
    List<List<Example>> examples = lab.data().examples(row);
    return median(
        i -> lab.data().pipeline().encode(examples.get(i % examples.size())),
        Duration.ofMillis(500));
  }

  private static Duration median(java.util.function.IntConsumer action, Duration budget) {
    for (int i = 0; i < WARM_UP; i++) {
      action.accept(i);
    }
    List<Long> times = new ArrayList<>();
    long end = System.nanoTime() + budget.toNanos();
    for (int i = 0; i < 5 || System.nanoTime() < end; i++) {
      long start = System.nanoTime();
      action.accept(i);
      times.add(System.nanoTime() - start);
    }
    times.sort(null);
    return Duration.ofNanos(times.get(times.size() / 2));
  }
}
