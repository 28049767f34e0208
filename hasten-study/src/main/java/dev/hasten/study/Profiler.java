package dev.hasten.study;

import dev.hasten.graph.Model;
import dev.hasten.measure.CostModel;
import dev.hasten.measure.OperatorProfile;
import dev.hasten.measure.Peaks;
import dev.hasten.measure.Placement;
import dev.hasten.measure.Roofline;
import dev.hasten.measure.Row;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.EnvironmentException;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/** Takes a profile of a model on inputs from a source. */
final class Profiler {
  private static final int WARM_UP = 5;
  private static final int PROFILED = 20;

  /** Of one profile. */
  static final int RUNS = WARM_UP + PROFILED;

  /** Nodes kept in the result; the rest is in the sums per operator. */
  private static final int TOP = 60;

  private final ProfileSource source;
  private final int cores;
  private final Progress progress;

  /** Time for the calls of one row. */
  private final Duration perRow;

  /** Time after which no further row is begun. */
  private final Duration most;

  Profiler(ProfileSource source, int cores, Duration perRow, Duration most, Progress progress) {
    this.source = source;
    this.cores = cores;
    this.perRow = perRow;
    this.most = most;
    this.progress = progress;
  }

  /**
   * A profile with all that was measured for it.
   *
   * @param operators every node, where the result keeps the dearest
   * @param cost null unless careful and something can be varied
   */
  record Taken(ProfileResult result, OperatorProfile operators, @Nullable CostModel cost) {}

  /**
   * @param careful whether to look at other threads, batches and lengths too
   * @param known the machine's peaks, if they were measured before
   */
  Taken profile(Path file, boolean careful, @Nullable Peaks known) {
    long end = System.nanoTime() + most.toNanos();
    Row row = source.row();
    Model model = Model.read(file);
    progress.at("operators", 0.1, Duration.ofSeconds(12));
    OperatorProfile operators = operators(file, row, source.inputs(row));
    progress.at("what the machine can do", 0.2, Duration.ofSeconds(10));
    Peaks peaks = known != null ? known : Peaks.measure(row.threads(), Duration.ofSeconds(2));
    List<Placement> placements = Roofline.place(operators, model, peaks);
    double flops = placements.stream().mapToDouble(Placement::flops).sum();
    Map<Row, Duration> times = times(file, row, careful ? scaled(row) : Set.of(), end);
    List<ProfileResult.Scaling> scaling = new ArrayList<>();
    times.forEach((other, latency) -> {
      if (careful) {
        double perSecond = other.batch() / (latency.toNanos() / 1e9);
        scaling.add(new ProfileResult.Scaling(other, latency, perSecond));
      }
    });
    ProfileResult result =
        new ProfileResult(
            String.valueOf(file.getFileName()),
            row,
            Objects.requireNonNull(times.get(row)),
            source.preprocessing(row),
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
            source.padding(),
            careful ? source.lengthCosts(file, perRow.multipliedBy(4)) : List.of());
    return new Taken(result, operators, cost(times, row.threads()));
  }

  /**
   * Median time of a call in each row. Rows are gone through twice, there and back, so that a
   * machine which slows down meanwhile does not make the later ones look slow. One that the model
   * refuses (a longer input than it knows positions for) is left out, as are those whose turn comes
   * when the time is up.
   */
  private Map<Row, Duration> times(Path file, Row row, Set<Row> others, long end) {
    List<Row> rows = new ArrayList<>(List.of(row));
    rows.addAll(others);
    Map<Row, List<Long>> samples = new LinkedHashMap<>();
    rows.forEach(r -> samples.put(r, new ArrayList<>()));
    for (int pass = 0; pass < 2; pass++) {
      for (Row next : pass == 0 ? rows : rows.reversed()) {
        List<Long> known = samples.get(next);
        boolean late = System.nanoTime() >= end && (pass > 0 || !next.equals(row));
        if (known == null || late) {
          continue;
        }
        int done = samples.values().stream().mapToInt(s -> s.isEmpty() ? 0 : 1).sum();
        progress.at(
            "batch %d, length %d, %d thread(s)"
                .formatted(next.batch(), next.length(), next.threads()),
            0.3 + 0.3 * pass + 0.3 * done / rows.size() * (1 - pass),
            perRow.multipliedBy(pass == 0 ? rows.size() - done + 2L : rows.size() / 2));
        try {
          known.addAll(samples(file, next));
        } catch (BadInputException e) {
          if (next.equals(row)) {
            throw e;
          }
          samples.remove(next);
          progress.note(next + " is left out: " + e.getMessage());
        }
      }
    }
    List<Row> late =
        samples.entrySet().stream()
            .filter(e -> e.getValue().isEmpty())
            .map(Map.Entry::getKey)
            .toList();
    if (!late.isEmpty()) {
      progress.note(
          "the time for the profile was up: %s left out"
              .formatted(String.join(", ", late.stream().map(Row::toString).toList())));
      late.forEach(samples::remove);
    }
    Map<Row, Duration> times = new LinkedHashMap<>();
    samples.forEach((r, all) -> times.put(r, median(all)));
    return times;
  }

  private Set<Row> scaled(Row row) {
    Set<Row> rows = new LinkedHashSet<>();
    for (int threads = 1; threads < cores; threads *= 2) {
      rows.add(new Row(row.batch(), row.length(), threads));
    }
    rows.add(new Row(row.batch(), row.length(), cores));
    for (int batch : source.batches()) {
      rows.add(new Row(batch, row.length(), row.threads()));
    }
    for (int length : source.lengths()) {
      rows.add(new Row(1, length, row.threads()));
    }
    if (!source.batches().isEmpty() && !source.lengths().isEmpty()) {
      // A corner, without which batch and length could not be told apart.
      rows.add(new Row(source.batches().getLast(), source.lengths().getFirst(), row.threads()));
    }
    rows.remove(row);
    return rows;
  }

  private @Nullable CostModel cost(Map<Row, Duration> times, int threads) {
    List<CostModel.Point> points = new ArrayList<>();
    times.forEach((row, time) -> {
      int length = row.length() == 0 ? source.natural() : row.length();
      boolean known = length > 0 || source.lengths().isEmpty();
      if (row.threads() == threads && known) {
        points.add(
            new CostModel.Point(row.batch(), source.elements(length), time.toNanos() * 1e-9));
      }
    });
    return points.size() < CostModel.LEAST ? null : CostModel.fit(points);
  }

  /** What the runtime executes of a model, on inputs taken in turn. */
  static OperatorProfile operators(Path file, Row row, List<Map<String, NdArray>> inputs) {
    try {
      Path folder = Files.createTempDirectory("hasten-profile");
      try {
        SessionOptions options =
            SessionOptions.defaults()
                .withIntraOpThreads(row.threads())
                .withProfileTo(folder.resolve("profile"));
        try (Session session = Backend.cpu().open(file, options)) {
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

  private List<Long> samples(Path file, Row row) {
    SessionOptions options = SessionOptions.defaults().withIntraOpThreads(row.threads());
    List<Map<String, NdArray>> inputs = source.inputs(row);
    try (Session session = Backend.cpu().open(file, options)) {
      return samples(i -> session.run(inputs.get(i % inputs.size())), perRow.dividedBy(2));
    }
  }

  /** Median of the calls of that time. */
  static Duration median(IntConsumer action, Duration budget) {
    return median(samples(action, budget));
  }

  private static Duration median(List<Long> nanos) {
    List<Long> sorted = nanos.stream().sorted().toList();
    return Duration.ofNanos(sorted.get(sorted.size() / 2));
  }

  /**
   * Nanoseconds of the calls of that time, five at least unless one takes longer than all of it.
   */
  private static List<Long> samples(IntConsumer action, Duration budget) {
    long begin = System.nanoTime();
    action.accept(0);
    boolean slow = System.nanoTime() - begin > budget.toNanos();
    for (int i = 1; i < (slow ? 1 : WARM_UP); i++) {
      action.accept(i);
    }
    List<Long> times = new ArrayList<>();
    long end = System.nanoTime() + budget.toNanos();
    for (int i = 0; i < (slow ? 2 : 5) || System.nanoTime() < end; i++) {
      long start = System.nanoTime();
      action.accept(i);
      times.add(System.nanoTime() - start);
    }
    return times;
  }
}
