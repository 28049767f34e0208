package dev.hasten.bench;

import dev.hasten.compress.Applied;
import dev.hasten.compress.Candidate;
import dev.hasten.compress.Context;
import dev.hasten.compress.Techniques;
import dev.hasten.graph.Model;
import dev.hasten.measure.Hardware;
import dev.hasten.measure.Interval;
import dev.hasten.measure.Row;
import dev.hasten.measure.RowSpeed;
import dev.hasten.measure.SpeedOptions;
import dev.hasten.measure.SpeedTest;
import dev.hasten.measure.Subject;
import dev.hasten.measure.SubjectSpeed;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import dev.hasten.study.Advice;
import dev.hasten.study.Advice.Strategy;
import dev.hasten.study.Profile;
import dev.hasten.study.ProfileOptions;
import dev.hasten.study.Progress;
import dev.hasten.study.generate.GivenShapes;
import dev.hasten.study.generate.InputPlan;
import dev.hasten.study.generate.InputPlanner;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The profile's advice against the truth: for each model the gain that a profile expects of a
 * strategy, beside the gain measured when the search's own recipes of that strategy are applied and
 * timed against the original, interleaved in one run.
 *
 * <pre>{@code
 * bench/run.sh AdviceTruth model.onnx other.onnx …
 * }</pre>
 *
 * Speed only: whether the recipes keep the quality is what a study finds out.
 */
public final class AdviceTruth {
  private static final int RECIPES = 3;
  private static final SpeedOptions OPTIONS =
      SpeedOptions.defaults().withBudgetPerRow(Duration.ofSeconds(4)).withBlocks(11, 2_000);

  private AdviceTruth() {}

  /**
   * A prediction and what came.
   *
   * @param how the recipe or row that was best
   */
  record Pair(
      String model, Strategy strategy, double low, double high, Interval truth, String how) {
    double expected() {
      return Math.sqrt(low * high);
    }

    /** 1 if the measured interval meets the range; else by what factor it lies outside of it. */
    double miss() {
      return truth.high() < low ? low / truth.high() : truth.low() > high ? truth.low() / high : 1;
    }
  }

  public static void main(String[] args) throws Exception {
    Hardware hardware = Hardware.detect();
    System.out.printf(
        "%s (%s), %d cores, ONNX Runtime %s%n%n",
        hardware.processor(), hardware.summary(), hardware.cores(), Backend.cpu().version());
    System.out.println("| model | strategy | predicted | measured | 95 % interval | by |");
    System.out.println("|---|---|---|---|---|---|");
    List<Pair> all = new ArrayList<>();
    for (String arg : args) {
      for (Pair pair : of(Path.of(arg), hardware)) {
        all.add(pair);
        System.out.printf(
            Locale.ROOT,
            "| %s | %s | %.2f–%.2f | %.2f%s | %.2f–%.2f | %s |%n",
            pair.model(),
            pair.strategy().title(),
            pair.low(),
            pair.high(),
            pair.truth().estimate(),
            pair.miss() > 1 ? " (outside)" : "",
            pair.truth().low(),
            pair.truth().high(),
            pair.how());
      }
    }
    System.out.println();
    summary("all", all);
    for (Strategy strategy : Strategy.values()) {
      List<Pair> of = all.stream().filter(p -> p.strategy() == strategy).toList();
      if (!of.isEmpty()) {
        summary(strategy.title(), of);
      }
    }
  }

  private static void summary(String name, List<Pair> pairs) {
    Pair worst = pairs.stream().max(Comparator.comparingDouble(Pair::miss)).orElseThrow();
    System.out.printf(
        Locale.ROOT,
        "%s: rank correlation %.2f over %d pairs; %d within the predicted range; worst miss %.2f×"
            + " (%s, %s)%n",
        name,
        spearman(pairs),
        pairs.size(),
        pairs.stream().filter(p -> p.miss() == 1).count(),
        worst.miss(),
        worst.model(),
        worst.strategy().title());
  }

  private static List<Pair> of(Path file, Hardware hardware) throws Exception {
    List<Advice> advice = Profile.of(file, ProfileOptions.DEFAULT, Progress.NONE).advice();
    Model model = Model.read(file);
    InputPlan plan;
    try (Session session = Backend.cpu().open(file, SessionOptions.defaults())) {
      plan = InputPlanner.plan(model, session, GivenShapes.NONE);
    }
    String name = String.valueOf(file.getFileName());
    List<Pair> pairs = new ArrayList<>();
    Path folder = Files.createTempDirectory("hasten-truth");
    try {
      recipes(file, model, plan, hardware, folder)
          .forEach((strategy, best) -> pairs.add(pair(name, strategy, advice, best)));
    } finally {
      try (Stream<Path> files = Files.list(folder)) {
        for (Path left : files.toList()) {
          Files.delete(left);
        }
      }
      Files.delete(folder);
    }
    threads(file, plan, hardware)
        .ifPresent(best -> pairs.add(pair(name, Strategy.BACKEND_AND_THREADS, advice, best)));
    batches(file, plan)
        .ifPresent(best -> pairs.add(pair(name, Strategy.BATCHING_AND_PADDING, advice, best)));
    return pairs;
  }

  private record Best(Interval gain, String how) {}

  private static Pair pair(String model, Strategy strategy, List<Advice> advice, Best best) {
    Advice told = advice.stream().filter(a -> a.strategy() == strategy).findFirst().orElseThrow();
    return new Pair(model, strategy, told.low(), told.high(), best.gain(), best.how());
  }

  /**
   * Simplification alone, and the best of the first recipes that quantize; where none of these
   * finds anything to quantize, the gain is none, whatever else they do.
   */
  private static Map<Strategy, Best> recipes(
      Path file, Model model, InputPlan plan, Hardware hardware, Path folder) {
    Map<String, Path> made = new java.util.LinkedHashMap<>();
    Context context = Context.of(hardware).withCalibration(plan.make(8, 1)).withScratch(folder);
    int quantized = 0;
    int statics = 0;
    for (Candidate candidate : Techniques.candidates(hardware, model)) {
      boolean quantizes =
          candidate.recipe().steps().stream().anyMatch(s -> s.technique().endsWith("int8"));
      boolean only = candidate.recipe().steps().size() == 1;
      boolean convolutions =
          candidate.recipe().steps().stream().anyMatch(s -> s.technique().equals("static-int8"));
      if (!only && (!quantizes || (quantized >= RECIPES && (!convolutions || statics++ > 0)))) {
        continue;
      }
      try {
        Path target = folder.resolve("m" + made.size() + ".onnx");
        Applied applied = candidate.recipe().apply(model, context);
        if (quantizes && applied.changes().stream().noneMatch(c -> c.rule().endsWith("int8"))) {
          continue;
        }
        applied.model().write(target);
        made.put((quantizes ? "q:" : "s:") + candidate.name(), target);
        quantized += quantizes ? 1 : 0;
      } catch (RuntimeException e) {
        System.err.println(file + ": " + candidate.name() + ": " + e.getMessage());
      }
    }
    List<Subject> subjects = new ArrayList<>();
    made.forEach((name, path) -> subjects.add(subject(name, path, 1, plan)));
    Row row = new Row(Math.max(1, plan.batch()), plan.length(), 1);
    RowSpeed measured =
        SpeedTest.run(subject("baseline", file, 1, plan), subjects, List.of(row), OPTIONS)
            .getFirst();
    Map<Strategy, Best> best = new java.util.TreeMap<>();
    if (quantized == 0) {
      best.put(Strategy.QUANTIZATION, new Best(Interval.exact(1), "nothing to quantize"));
    }
    for (SubjectSpeed speed : measured.subjects()) {
      Strategy strategy =
          speed.name().startsWith("q:")
              ? Strategy.QUANTIZATION
              : speed.name().startsWith("s:") ? Strategy.SIMPLIFY_AND_FUSE : null;
      if (strategy != null) {
        best.merge(
            strategy,
            new Best(speed.speedup(), speed.name().substring(2)),
            (a, b) -> a.gain().estimate() >= b.gain().estimate() ? a : b);
      }
    }
    return best;
  }

  private static Optional<Best> threads(Path file, InputPlan plan, Hardware hardware) {
    if (hardware.cores() < 2) {
      return Optional.empty();
    }
    Row row = new Row(Math.max(1, plan.batch()), plan.length(), 1);
    RowSpeed measured =
        SpeedTest.run(
                subject("one", file, 1, plan),
                List.of(subject("all", file, hardware.cores(), plan)),
                List.of(row),
                OPTIONS)
            .getFirst();
    return Optional.of(
        new Best(measured.subjects().get(1).speedup(), hardware.cores() + " threads"));
  }

  /** The most examples a second of batches to 8, against one. */
  private static Optional<Best> batches(Path file, InputPlan plan) {
    if (!plan.batches()) {
      return Optional.empty();
    }
    List<Row> rows = Stream.of(1, 2, 4, 8).map(b -> new Row(b, plan.length(), 1)).toList();
    List<RowSpeed> measured =
        SpeedTest.run(subject("baseline", file, 1, plan), List.of(), rows, OPTIONS);
    double single = measured.getFirst().subjects().getFirst().examplesPerSecond();
    RowSpeed best =
        measured.stream()
            .max(Comparator.comparingDouble(r -> r.subjects().getFirst().examplesPerSecond()))
            .orElseThrow();
    double gain = best.subjects().getFirst().examplesPerSecond() / single;
    return Optional.of(new Best(Interval.exact(gain), "batch " + best.row().batch()));
  }

  private static Subject subject(String name, Path file, int threads, InputPlan plan) {
    return new Subject(
        name,
        row -> {
          List<Map<String, NdArray>> calls = plan.with(row.batch(), row.length()).make(3, 7);
          Session session =
              Backend.cpu().open(file, SessionOptions.defaults().withIntraOpThreads(threads));
          return new Subject.Call() {
            @Override
            public void run(int input) {
              session.run(calls.get(input % calls.size()));
            }

            @Override
            public void close() {
              session.close();
            }
          };
        });
  }

  /** Of expected and measured gain; ties share their mean rank. */
  private static double spearman(List<Pair> pairs) {
    double[] a = ranks(pairs.stream().mapToDouble(Pair::expected).toArray());
    double[] b = ranks(pairs.stream().mapToDouble(p -> p.truth().estimate()).toArray());
    double mean = (a.length + 1) / 2.0;
    double both = 0;
    double left = 0;
    double right = 0;
    for (int i = 0; i < a.length; i++) {
      both += (a[i] - mean) * (b[i] - mean);
      left += (a[i] - mean) * (a[i] - mean);
      right += (b[i] - mean) * (b[i] - mean);
    }
    return left == 0 || right == 0 ? Double.NaN : both / Math.sqrt(left * right);
  }

  private static double[] ranks(double[] values) {
    double[] ranks = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      int below = 0;
      int equal = 0;
      for (double v : values) {
        below += v < values[i] ? 1 : 0;
        equal += v == values[i] ? 1 : 0;
      }
      ranks[i] = below + (equal + 1) / 2.0;
    }
    return ranks;
  }
}
