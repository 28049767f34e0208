package dev.hasten.study;

import dev.hasten.measure.Interval;
import dev.hasten.measure.OperatorProfile;
import dev.hasten.measure.Peaks;
import dev.hasten.measure.Row;
import dev.hasten.measure.Split;
import dev.hasten.runtime.EnvironmentException;
import dev.hasten.study.layers.Layer;
import dev.hasten.study.layers.Probe;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/** Answers as told, writes down what it was asked, and lets its own clock run with each answer. */
final class FakeRunner implements TrialRunner {
  /** Half the width of every drop's interval. */
  static final double SPREAD = 0.002;

  /** What happens to a candidate or peer. */
  enum Failure {
    MAKE,
    /** The disk is full when it is made. */
    DISK,
    QUICK_QUALITY,
    QUICK_SPEED,
    QUALITY,
    FINAL_SPEED,
    COST,
    TEST
  }

  /**
   * How a subject turns out.
   *
   * @param drop on validate
   * @param testDrop on test
   * @param speedup at every row
   * @param failures where it throws
   */
  record Outcome(double drop, double testDrop, double speedup, long bytes, Set<Failure> failures) {
    static final Outcome GOOD = new Outcome(0.001, 0.001, 2, 500, Set.of());

    Outcome dropping(double validate, double test) {
      return new Outcome(validate, test, speedup, bytes, failures);
    }

    Outcome faster(double times) {
      return new Outcome(drop, testDrop, times, bytes, failures);
    }

    Outcome of(long size) {
      return new Outcome(drop, testDrop, speedup, size, failures);
    }

    Outcome failing(Failure... at) {
      return new Outcome(drop, testDrop, speedup, bytes, Set.of(at));
    }
  }

  final List<String> asked = new ArrayList<>();
  final List<Row> tunedAt = new ArrayList<>();
  final AtomicLong clock = new AtomicLong();
  private final Workload workload;
  private final Map<String, Outcome> outcomes;
  private final Map<String, Double> confidences = new LinkedHashMap<>();
  private final Map<String, Trial.MemoryUse> memory = new HashMap<>();
  private final Map<Row, Double> baselinePerSecond = new HashMap<>();
  private final Set<String> cleared = new HashSet<>();
  private final Map<String, String> shas = new HashMap<>();
  private boolean few;
  private Duration step = Duration.ofMillis(100);
  private List<Probe> probes = List.of();
  private final Map<String, Outcome> made = new HashMap<>();
  private Function<List<Step>, Outcome> otherwise = recipe -> Outcome.GOOD;

  FakeRunner(Workload workload, Map<String, Outcome> outcomes) {
    this.workload = workload;
    this.outcomes = Map.copyOf(outcomes);
  }

  /** Each answer takes this long. */
  FakeRunner taking(Duration each) {
    step = each;
    return this;
  }

  FakeRunner using(String id, long modelBytes) {
    memory.put(id, new Trial.MemoryUse(2 * modelBytes, modelBytes, Duration.ZERO, Duration.ZERO));
    return this;
  }

  FakeRunner baselineReaches(Row row, double perSecond) {
    baselinePerSecond.put(row, perSecond);
    return this;
  }

  private final Map<String, List<Slowness.Cause>> slow = new HashMap<>();

  /** What makes a candidate slow. */
  FakeRunner slowFor(String id, Slowness.Cause... causes) {
    slow.put(id, List.of(causes));
    return this;
  }

  @Override
  public List<Slowness.Cause> slow(Subject subject) {
    asked.add("slow " + subject.id());
    return slow.getOrDefault(subject.id(), List.of());
  }

  /** With which confidence each finalist was tested, in that order. */
  Map<String, Double> confidences() {
    return confidences;
  }

  /** What its layers turn out to do. */
  FakeRunner withLayers(List<Probe> found) {
    probes = List.copyOf(found);
    return this;
  }

  /** How a recipe turns out whose trial's outcome was not told. */
  FakeRunner answering(Function<List<Step>, Outcome> byRecipe) {
    otherwise = byRecipe;
    return this;
  }

  private Outcome outcome(String id) {
    return outcomes.getOrDefault(id, made.getOrDefault(id, Outcome.GOOD));
  }

  private Outcome ask(String what, String id, Failure... failures) {
    asked.add(what + " " + id);
    clock.addAndGet(step.toNanos());
    Outcome outcome = outcome(id);
    for (Failure failure : failures) {
      if (outcome.failures().contains(failure)) {
        throw new IllegalStateException(id + " fails at " + failure);
      }
    }
    return outcome;
  }

  /** Someone has cleared the model of a candidate since it was made. */
  FakeRunner without(String id) {
    cleared.add(id);
    return this;
  }

  @Override
  public boolean has(Subject subject) {
    return !cleared.contains(subject.id());
  }

  @Override
  public Made make(Study.Planned candidate) {
    made.put(candidate.id(), otherwise.apply(candidate.recipe()));
    Outcome outcome = ask("make", candidate.id(), Failure.MAKE);
    cleared.remove(candidate.id());
    if (outcome.failures().contains(Failure.DISK)) {
      throw new EnvironmentException("no space left");
    }
    String sha = shas.getOrDefault(candidate.id(), "sha-" + candidate.id());
    return new Made(
        sha + ".onnx",
        sha,
        outcome.bytes(),
        List.of(new Trial.ChangeCount("t", "rule", 1)),
        List.of());
  }

  @Override
  public Quality quality(Subject subject, Split split, int examples, double confidence) {
    boolean test = split == Split.TEST;
    boolean quick = examples != Integer.MAX_VALUE;
    Failure failure = test ? Failure.TEST : quick ? Failure.QUICK_QUALITY : Failure.QUALITY;
    Outcome outcome = ask(test ? "test" : quick ? "look at" : "score", subject.id(), failure);
    if (test) {
      confidences.put(subject.id(), confidence);
    }
    double estimate = test ? outcome.testDrop() : outcome.drop();
    // The look is at fewer examples: its interval is wider.
    double spread = quick ? 3 * SPREAD : SPREAD;
    int seen = few ? 100 : quick ? Attempt.QUICK_EXAMPLES : 2 * Attempt.QUICK_EXAMPLES;
    return quality(split, estimate, spread, workload.promise().maxDrop(), seen);
  }

  /** So few examples that the first look sees all of them. */
  FakeRunner ofFewExamples() {
    few = true;
    return this;
  }

  /** A candidate's model is that of another one, or the baseline's. */
  FakeRunner equal(String id, String other) {
    shas.put(id, other.equals(BASELINE) ? Searches.BASELINE_SHA : "sha-" + other);
    return this;
  }

  static Quality quality(Split split, double drop, double spread, double maxDrop) {
    return quality(split, drop, spread, maxDrop, 100);
  }

  private static Quality quality(
      Split split, double drop, double spread, double maxDrop, int examples) {
    Quality.Verdict verdict =
        drop + spread <= maxDrop
            ? Quality.Verdict.KEPT
            : drop - spread > maxDrop ? Quality.Verdict.BROKEN : Quality.Verdict.UNDECIDED;
    return new Quality(
        split,
        "fake",
        1,
        1 - drop,
        new Interval(drop, drop - spread, drop + spread, 0.9),
        verdict,
        0,
        examples,
        "drop of " + drop + " " + verdict,
        List.of());
  }

  @Override
  public Map<String, List<SpeedRow>> speed(
      List<Subject> subjects, List<Row> rows, Duration perRow) {
    Map<String, List<SpeedRow>> speeds = new LinkedHashMap<>();
    asked.add("time " + String.join("+", subjects.stream().map(Subject::id).toList()));
    clock.addAndGet(step.toNanos());
    boolean quick = rows.size() == 1 && workload.rows().size() > 1;
    List<Subject> all = new ArrayList<>(subjects);
    all.add(new Subject(BASELINE, ""));
    for (Subject subject : all) {
      Outcome outcome = outcome(subject.id());
      double speedup = subject.id().equals(BASELINE) ? 1 : outcome.speedup();
      if (outcome.failures().contains(quick ? Failure.QUICK_SPEED : Failure.FINAL_SPEED)) {
        throw new IllegalStateException(subject.id() + " fails at " + rows.getLast());
      }
      speeds.put(subject.id(), rows.stream().map(row -> speed(row, speedup)).toList());
    }
    return speeds;
  }

  private SpeedRow speed(Row row, double speedup) {
    double perSecond = baselinePerSecond.getOrDefault(row, 100.0 * row.batch());
    Interval noise = new Interval(1, 0.99, 1.01, 0.95);
    Duration p50 = Duration.ofNanos(Math.round(10e6 / speedup));
    return new SpeedRow(
        row,
        p50,
        p50.multipliedBy(2),
        p50.multipliedBy(3),
        perSecond * speedup,
        new Interval(speedup, speedup * 0.99, speedup * 1.01, 0.95),
        noise,
        Math.abs(speedup - 1) < 0.01,
        100);
  }

  @Override
  public Trial.MemoryUse cost(Subject subject) {
    ask("weigh", subject.id(), Failure.COST);
    return memory.getOrDefault(
        subject.id(), new Trial.MemoryUse(2_000, 1_000, Duration.ofMillis(5), Duration.ZERO));
  }

  @Override
  public ProfileResult profile(Subject subject, boolean careful) {
    ask("profile", subject.id());
    Duration call = Duration.ofMillis(10);
    return new ProfileResult(
        subject.id(),
        workload.rows().getFirst(),
        call,
        Duration.ZERO,
        new OperatorProfile(1, call, List.of(), List.of()),
        List.of(),
        new Peaks(1, 1e11, 4e11, 1e10),
        List.of(),
        10,
        40,
        20,
        0);
  }

  @Override
  public List<Layer> layers(MixPlan plan, Row judged) {
    ask("find layers of", BASELINE);
    return probes.stream().map(Probe::layer).toList();
  }

  @Override
  public Probe probe(MixPlan plan, Row judged, Layer layer) {
    ask("probe", layer.name());
    return probes.stream().filter(p -> p.layer().equals(layer)).findFirst().orElseThrow();
  }

  @Override
  public List<StudyResult.TuningRow> tune(Subject subject, Row row, Duration budget) {
    ask("tune", subject.id());
    tunedAt.add(row);
    return List.of(new StudyResult.TuningRow(1, "ALL", Duration.ofMillis(5), 200, true));
  }
}
