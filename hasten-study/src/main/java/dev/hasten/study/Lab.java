package dev.hasten.study;

import dev.hasten.compress.Applied;
import dev.hasten.compress.Context;
import dev.hasten.compress.Recipe;
import dev.hasten.graph.Model;
import dev.hasten.graph.TargetRuntime;
import dev.hasten.measure.Comparison;
import dev.hasten.measure.DataSpec;
import dev.hasten.measure.Hardware;
import dev.hasten.measure.LabeledExample;
import dev.hasten.measure.Metrics;
import dev.hasten.measure.ProcessCost;
import dev.hasten.measure.Promise;
import dev.hasten.measure.Row;
import dev.hasten.measure.RowSpeed;
import dev.hasten.measure.Sample;
import dev.hasten.measure.SliceDrop;
import dev.hasten.measure.Slices;
import dev.hasten.measure.SpeedOptions;
import dev.hasten.measure.SpeedTest;
import dev.hasten.measure.Split;
import dev.hasten.measure.SubjectSpeed;
import dev.hasten.measure.Verdict;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.EnvironmentException;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Optimization;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import dev.hasten.study.layers.Layer;
import dev.hasten.study.layers.LayerLab;
import dev.hasten.study.layers.Probe;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Makes and measures for real: the model's files, this machine's backend. */
final class Lab implements TrialRunner, AutoCloseable {
  private static final long SEED = 42;

  /** Runs before the ones that count, and rounds of inputs for a process of its own. */
  private static final int PROBE_RUNS = 10;

  /** Examples on which a recipe that claims to leave outputs equal is held against the original. */
  private static final int COMPARED = 64;

  /** The profile begins no further row after this part of the budget. */
  private static final int PROFILE_SHARE = 8;

  /** Rounding in another order, through a few hundred operators, stays well below. */
  private static final double EQUAL = 1e-3;

  private final Workload workload;
  private final Model model;
  private final Hardware hardware;
  private final Path artifacts;
  private final Progress progress;
  private final Data data;
  private final Answers answers;
  private final Map<Row, List<Map<String, NdArray>>> inputs = new HashMap<>();
  private final Map<Path, Long> sizes = new HashMap<>();
  private @Nullable LayerLab layerLab;

  /**
   * @param artifacts folder for the candidates' models
   * @param kept folder for the original's answers, null: they are not kept
   * @param progress hears what had to be left out
   */
  Lab(
      Workload workload,
      Model model,
      Hardware hardware,
      Path artifacts,
      @Nullable Path kept,
      Progress progress) {
    this.workload = workload;
    this.model = model;
    this.hardware = hardware;
    this.artifacts = artifacts;
    this.progress = progress;
    try (Session session = Backend.cpu().open(workload.model(), SessionOptions.defaults())) {
      this.data = new Data(workload, session.inputs());
    }
    boolean labels = workload.data().stream().allMatch(spec -> spec.labelField() != null);
    boolean madeUp = workload.data().stream().allMatch(DataSpec::generated);
    Answers.From from =
        madeUp ? Answers.From.MADE_UP : labels ? Answers.From.LABELED : Answers.From.UNLABELED;
    this.answers = new Answers(data, workload.model(), kept, workload.metric(), from);
  }

  Data data() {
    return data;
  }

  dev.hasten.measure.Metric metric() {
    return answers.metric();
  }

  /** What quality does not speak of, for people. */
  Optional<String> unjudged() {
    return answers.unjudged();
  }

  Context context() {
    return Context.of(hardware).withCalibration(data.calibration()).withSeed(SEED);
  }

  /** The file of a subject. */
  Path file(Subject subject) {
    if (subject.id().equals(BASELINE)) {
      return workload.model();
    }
    for (Workload.Peer peer : workload.peers()) {
      if (peer.name().equals(subject.artifact())) {
        return peer.model();
      }
    }
    return artifacts.resolve(subject.artifact());
  }

  @Override
  public boolean has(Subject subject) {
    return Files.exists(file(subject));
  }

  @Override
  public Made make(Study.Planned candidate) {
    Recipe recipe = Step.recipe(candidate.recipe());
    Applied applied = recipe.apply(model, context());
    TargetRuntime target = workload.limits().targetOrt();
    List<Trial.RefusalNote> refusals =
        applied.refusals().stream()
            .map(r -> new Trial.RefusalNote(r.rule(), r.node(), r.reason()))
            .distinct()
            .toList();
    if (applied.changes().isEmpty() && target == null) {
      return new Made(
          "", Hashes.file(workload.model()), Hashes.size(workload.model()), List.of(), refusals);
    }
    Model made = target == null ? applied.model() : target.fit(applied.model());
    Path written = artifacts.resolve(candidate.id() + ".onnx");
    try {
      Files.createDirectories(artifacts);
      made.write(written);
      String sha = Hashes.file(written);
      Path kept = artifacts.resolve(sha + ".onnx");
      Files.move(
          written,
          kept,
          java.nio.file.StandardCopyOption.ATOMIC_MOVE,
          java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      if (recipe.equivalent()) {
        requireEqual(kept);
      }
      Map<String, Integer> counts = new TreeMap<>();
      applied.changes().forEach(c -> counts.merge(c.rule(), 1, Integer::sum));
      List<Trial.ChangeCount> changes = new ArrayList<>();
      counts.forEach((rule, n) -> changes.add(new Trial.ChangeCount(rule, rule, n)));
      return new Made(
          String.valueOf(kept.getFileName()), sha, Hashes.size(kept), changes, refusals);
    } catch (IOException | UncheckedIOException e) {
      throw new EnvironmentException(
          artifacts + ": the candidate's model cannot be kept: " + e.getMessage(), e);
    }
  }

  /** What claims to leave outputs equal is held to it, on real inputs. */
  private void requireEqual(Path candidate) {
    double deviation = answers.deviation(candidate, COMPARED);
    if (!(deviation <= EQUAL)) {
      throw new IllegalStateException(
          "the recipe should leave outputs equal, but on %d examples they differ by up to %.2g of their largest value (expected: at most %.0e)"
              .formatted(COMPARED, deviation, EQUAL));
    }
  }

  @Override
  public Quality quality(Subject subject, Split split, int examples, double confidence) {
    Sample sample = answers.sample(file(subject), split, examples);
    Comparison comparison = Metrics.compare(answers.metric(), sample);
    Verdict verdict = new Promise(workload.promise().maxDrop(), confidence).test(comparison, SEED);
    List<LabeledExample> compared = data.first(split, examples);
    boolean sliced = workload.data().stream().anyMatch(spec -> !spec.sliceFields().isEmpty());
    List<SliceDrop> slices =
        sliced && examples == Integer.MAX_VALUE
            ? Slices.of(comparison, compared, workload.promise().confidence(), SEED)
            : List.of();
    return new Quality(
        split,
        answers.metric().name(),
        comparison.original(),
        comparison.candidate(),
        verdict.drop(),
        Quality.Verdict.valueOf(verdict.name()),
        verdict instanceof Verdict.Undecided u ? u.examplesNeeded() : 0,
        verdict.examples(),
        verdict.text(),
        slices);
  }

  @Override
  public Map<String, List<SpeedRow>> speed(
      List<Subject> subjects, List<Row> rows, Duration perRow) {
    List<Subject> others = subjects.stream().filter(s -> !s.id().equals(BASELINE)).toList();
    Map<String, List<SpeedRow>> speeds = new LinkedHashMap<>();
    List<List<Subject>> groups =
        MemoryRoom.now().groups(others, size(workload.model()), this::size);
    for (List<Subject> group : groups) {
      measure(group, rows, perRow.dividedBy(groups.size()), speeds);
    }
    return speeds;
  }

  private long size(Subject subject) {
    return size(file(subject));
  }

  private long size(Path file) {
    return sizes.computeIfAbsent(file, Hashes::size);
  }

  private void measure(
      List<Subject> others, List<Row> rows, Duration perRow, Map<String, List<SpeedRow>> speeds) {
    SpeedOptions options =
        SpeedOptions.defaults().withBudgetPerRow(perRow).withBlocks(9, 1_000).withSeed(SEED);
    dev.hasten.measure.Subject baseline = timed(new Subject(BASELINE, ""));
    boolean first = !speeds.containsKey(BASELINE);
    for (RowSpeed row :
        SpeedTest.run(baseline, others.stream().map(this::timed).toList(), rows, options)) {
      for (SubjectSpeed subject : row.subjects()) {
        if (subject.name().equals(BASELINE) && !first) {
          continue;
        }
        speeds
            .computeIfAbsent(subject.name(), n -> new ArrayList<>())
            .add(
                new SpeedRow(
                    row.row(),
                    subject.p50(),
                    subject.p95(),
                    subject.p99(),
                    subject.examplesPerSecond(),
                    subject.speedup(),
                    row.noise(),
                    subject.drowned(),
                    subject.calls()));
      }
    }
  }

  private dev.hasten.measure.Subject timed(Subject subject) {
    return new dev.hasten.measure.Subject(
        subject.id(),
        row ->
            call(
                file(subject),
                SessionOptions.defaults().withIntraOpThreads(row.threads()),
                inputs(row)));
  }

  private static dev.hasten.measure.Subject.Call call(
      Path file, SessionOptions options, List<Map<String, NdArray>> inputs) {
    Session session = Backend.cpu().open(file, options);
    return new dev.hasten.measure.Subject.Call() {
      @Override
      public void run(int input) {
        session.run(inputs.get(input % inputs.size()));
      }

      @Override
      public void close() {
        session.close();
      }
    };
  }

  List<Map<String, NdArray>> inputs(Row row) {
    Row shape = new Row(row.batch(), row.length(), 1);
    return inputs.computeIfAbsent(shape, data::inputs);
  }

  @Override
  public Trial.MemoryUse cost(Subject subject) {
    Row row = workload.rows().getFirst();
    List<Map<String, NdArray>> some =
        inputs(row).subList(0, Math.min(PROBE_RUNS, inputs(row).size()));
    ProcessCost cost = ProcessCost.measure(file(subject), some, row.threads());
    return new Trial.MemoryUse(
        cost.peakBytes(), cost.modelBytes(), cost.load(), cost.firstAnswer());
  }

  @Override
  public ProfileResult profile(Subject subject, boolean careful) {
    return new Profiler(
            new WorkloadSource(this, workload),
            hardware.cores(),
            Duration.ofMillis(700),
            workload.budget().total().dividedBy(PROFILE_SHARE),
            progress)
        .profile(file(subject), careful, null)
        .result();
  }

  @Override
  public List<Slowness.Cause> slow(Subject subject) {
    Row row = workload.rows().getFirst();
    return Slowness.of(workload.model(), file(subject), row, inputs(row)).causes();
  }

  @Override
  public List<StudyResult.TuningRow> tune(Subject subject, Row row, Duration budget) {
    Map<String, SessionOptions> settings = new LinkedHashMap<>();
    int threadings = 1 + (31 - Integer.numberOfLeadingZeros(Math.min(hardware.cores(), 16)));
    int sessions = MemoryRoom.now().sessions(size(subject));
    if (sessions < threadings) {
      return List.of();
    }
    List<Optimization> levels =
        sessions < 2 * threadings
            ? List.of(Optimization.ALL)
            : List.of(Optimization.ALL, Optimization.EXTENDED);
    for (int threads = 1; threads <= Math.min(hardware.cores(), 16); threads *= 2) {
      for (Optimization level : levels) {
        settings.put(
            threads + " " + level,
            SessionOptions.defaults().withIntraOpThreads(threads).withOptimization(level));
      }
    }
    List<dev.hasten.measure.Subject> subjects = new ArrayList<>();
    settings.forEach((name, options) ->
        subjects.add(
            new dev.hasten.measure.Subject(name, r -> call(file(subject), options, inputs(r)))));
    RowSpeed measured =
        SpeedTest.run(
                subjects.getFirst(),
                subjects.subList(1, subjects.size()),
                List.of(row),
                SpeedOptions.defaults().withBudgetPerRow(budget).withBlocks(7, 500).withSeed(SEED))
            .getFirst();
    double fastest =
        measured.subjects().stream().mapToDouble(s -> s.p50().toNanos()).min().orElseThrow();
    List<StudyResult.TuningRow> rows = new ArrayList<>();
    boolean chosen = false;
    for (SubjectSpeed speed : measured.subjects()) {
      // Settings come from few threads to many: the first that is as good as the best is taken.
      boolean take = !chosen && speed.p50().toNanos() <= fastest * 1.05;
      chosen |= take;
      String[] parts = speed.name().split(" ");
      rows.add(
          new StudyResult.TuningRow(
              Integer.parseInt(parts[0]), parts[1], speed.p50(), speed.examplesPerSecond(), take));
    }
    rows.sort(
        Comparator.comparing((StudyResult.TuningRow r) -> !r.chosen())
            .thenComparing(StudyResult.TuningRow::p50));
    return List.copyOf(rows);
  }

  @Override
  public List<Layer> layers(MixPlan plan, Row judged) {
    return layerLab(plan, judged).layers();
  }

  @Override
  public Probe probe(MixPlan plan, Row judged, Layer layer) {
    return layerLab(plan, judged).probe(layer);
  }

  /** A study mixes once at most, so one plan. */
  private LayerLab layerLab(MixPlan plan, Row judged) {
    LayerLab known = layerLab;
    if (known == null) {
      Model base = Step.recipe(plan.base()).apply(model, context()).model();
      known =
          answers.layerLab(
              base, Step.recipe(plan.formats()).steps(), context(), judged, inputs(judged));
      layerLab = known;
    }
    return known;
  }

  @Override
  public void close() {
    data.close();
  }
}
