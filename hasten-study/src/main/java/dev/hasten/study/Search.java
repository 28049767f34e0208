package dev.hasten.study;

import dev.hasten.measure.Row;
import dev.hasten.measure.Split;
import dev.hasten.runtime.EnvironmentException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The search: which candidates are tried, which are dropped, which is delivered. All that it knows
 * about the world comes through the journal, so the same journal leads to the same choice.
 */
final class Search {
  static final int FINALISTS = 4;

  /** Candidates tried even past their share of the time as long as none may be delivered. */
  static final int LEAST = 3;

  /** A study takes this much, whatever less it was given. */
  private static final Duration LEAST_TIME = Duration.ofMinutes(1);

  private static final String NONE =
      "no candidate was both good enough and better than the original";

  /** Shares of the budget after which a phase begins nothing new. */
  private static final double TRIALS_UNTIL = 0.5;

  private static final double FINALS_SHARE = 0.2;

  /** No explanation of a slow candidate may take more. */
  private static final double EXPLAIN_SHARE = 0.1;

  private static final double TUNING_SHARE = 0.05;

  private final Workload workload;
  private final TrialRunner runner;
  private final Journal journal;
  private final boolean higherIsBetter;
  private final Meter meter;
  private final Duration budget;

  Search(
      Workload workload,
      TrialRunner runner,
      Journal journal,
      boolean higherIsBetter,
      Progress progress) {
    this.workload = workload;
    this.runner = runner;
    this.journal = journal;
    this.higherIsBetter = higherIsBetter;
    this.budget = workload.budget().total();
    this.meter = new Meter(progress, journal, budget);
  }

  /**
   * What the search found.
   *
   * @param judged the row on which speed was judged
   */
  record Found(
      Row judged,
      ProfileResult before,
      @Nullable ProfileResult after,
      Trial baseline,
      List<Trial> trials,
      List<Trial> peers,
      @Nullable Trial chosen,
      String reason,
      int promisesTested,
      List<StudyResult.TuningRow> tuning,
      @Nullable LayerStudy layers) {}

  // Values of the journal that are not records of the result themselves.
  record Plan(List<Study.Planned> candidates) {}

  record Finals(Map<String, List<SpeedRow>> speeds, Map<String, String> failed) {}

  record Tested(@Nullable Quality quality, String failure) {}

  record Tuned(List<StudyResult.TuningRow> rows) {}

  Found run(Trial original, Supplier<List<Study.Planned>> candidates) {
    meter.phase("Profile", 1);
    ProfileResult before =
        journal.once(
            "profile", ProfileResult.class, () -> runner.profile(Trials.subject(original), true));
    List<Study.Planned> planned =
        journal.once("candidates", Plan.class, () -> new Plan(candidates.get())).candidates();
    Choice choice = new Choice(workload, judged(), higherIsBetter);

    meter.phase("Trials", 2);
    Attempt.Tools tools =
        new Attempt.Tools(workload, choice, runner, meter, journal::spent, quickTime());
    List<Trial> trials = new ArrayList<>(trials(planned, tools, original));
    meter.phase("Layers", 3);
    Mixing.Mixed mixed = new Mixing(tools, journal).run(trials, original);
    trials.addAll(mixed.trials());
    List<Trial> peers = peers(tools);

    meter.phase("Finalists", 4);
    List<Trial> finalists =
        choice.order(
            trials.stream().filter(t -> t.status() == Trial.Status.MEASURED).toList(), original);
    finalists = finalists.subList(0, Math.min(finalistsAtMost(), finalists.size()));
    boolean prospect =
        !peers.isEmpty()
            || finalists.isEmpty()
            || finalists.stream().anyMatch(t -> choice.noBetter(t, original).isEmpty());
    Finals finals = finals(finalists, peers, prospect);
    Trial baseline = measured(original, finals);
    baseline = Trials.withMemory(baseline, cost(baseline));
    List<Trial> measured = new ArrayList<>();
    for (Trial finalist : finalists) {
      Trial full = measured(finalist, finals);
      boolean failed = full.status() == Trial.Status.FAILED;
      measured.add(failed ? full : Trials.withMemory(full, cost(full)));
    }
    peers = peers.stream().map(p -> measured(p, finals)).toList();

    meter.phase("Promise", 5);
    Promised promised = promise(choice, measured, baseline);
    List<Trial> all = trials.stream().map(t -> promised.latest(t)).toList();
    Trial chosen = promised.chosen();
    List<StudyResult.TuningRow> tuning = List.of();
    ProfileResult after = null;
    if (chosen != null) {
      meter.phase("Settings", 6);
      tuning = tuning(chosen, choice.judged());
      after = after(chosen);
    }
    return new Found(
        choice.judged(),
        before,
        after,
        baseline,
        all,
        peers,
        chosen,
        promised.reason(),
        promised.tested(),
        tuning,
        mixed.study());
  }

  /** Once the time is up only the best is measured on: that much is owed to what was tried. */
  private int finalistsAtMost() {
    return journal.once("finalists", Integer.class, () -> inTime() ? FINALISTS : 1);
  }

  private List<StudyResult.TuningRow> tuning(Trial winner, Row row) {
    return journal
        .once(
            "tuning",
            Tuned.class,
            () ->
                inTime()
                    ? new Tuned(runner.tune(present(winner), row, share(TUNING_SHARE)))
                    : new Tuned(List.of()))
        .rows();
  }

  private @Nullable ProfileResult after(Trial winner) {
    record After(@Nullable ProfileResult profile) {}
    return journal
        .once(
            "after",
            After.class,
            () -> new After(inTime() ? runner.profile(present(winner), false) : null))
        .profile();
  }

  /** Whether there is time for what a study can do without. */
  private boolean inTime() {
    return !timeIsUp(Duration.ZERO);
  }

  /** The row on which speed is judged; for throughput that at which the original reaches most. */
  private Row judged() {
    List<Row> rows = workload.rows();
    if (workload.objective() != Objective.THROUGHPUT || rows.size() == 1) {
      return rows.getFirst();
    }
    meter.at("where the original answers most examples per second", 0.05);
    return journal.once(
        "judged",
        Row.class,
        () ->
            runner
                .speed(List.of(), rows, quickTime())
                .getOrDefault(TrialRunner.BASELINE, List.of())
                .stream()
                .max(Comparator.comparingDouble(SpeedRow::examplesPerSecond))
                .map(SpeedRow::row)
                .orElseGet(rows::getFirst));
  }

  private List<Trial> trials(List<Study.Planned> planned, Attempt.Tools tools, Trial original) {
    List<Trial> trials = new ArrayList<>();
    boolean complete = false;
    boolean go = true;
    boolean promising = false;
    int tried = 0;
    for (int i = 0; i < planned.size(); i++) {
      Study.Planned candidate = planned.get(i);
      boolean needed = !complete || (!promising && tried < LEAST);
      int done = i;
      Duration each = mean(trials);
      boolean first = tried == 0;
      // Time does not come back: after the first that is passed over, so is the rest.
      go =
          go
              && journal.once(
                  "go/" + candidate.id(),
                  Boolean.class,
                  () -> first || (needed && !timeIsUp(each)) || timeForAnother(done));
      if (!go) {
        trials.add(
            Trials.ended(candidate, Trial.Status.NOT_TRIED, "the time was up before its turn"));
        continue;
      }
      meter.at(candidate.label(), 0.1 + 0.4 * i / planned.size());
      Trial trial =
          journal.once(
              "trial/" + candidate.id(),
              Trial.class,
              () -> Attempt.candidate(tools, candidate, known(original, trials)));
      tried += Trials.isRepeated(trial) ? 0 : 1;
      complete |= trial.status() == Trial.Status.MEASURED;
      promising |= tools.choice().promising(trial, original);
      trial = explained(trial, tools);
      trials.add(trial);
      meter.trial(trial);
      Study.Planned without = without(candidate, trial);
      if (without != null) {
        Trial better =
            journal.once(
                "trial/" + without.id(),
                Trial.class,
                () -> Attempt.candidate(tools, without, known(original, trials)));
        tried += Trials.isRepeated(better) ? 0 : 1;
        complete |= better.status() == Trial.Status.MEASURED;
        promising |= tools.choice().promising(better, original);
        trials.add(better);
        meter.trial(better);
      }
    }
    return trials;
  }

  private static List<Trial> known(Trial original, List<Trial> trials) {
    List<Trial> known = new ArrayList<>(List.of(original));
    trials.stream().filter(t -> !t.sha256().isEmpty()).forEach(known::add);
    return known;
  }

  /** What a trial takes, by those that were measured. */
  private static Duration mean(List<Trial> trials) {
    List<Trial> real = trials.stream().filter(t -> !Trials.isRepeated(t)).toList();
    return real.stream()
        .map(Trial::took)
        .reduce(Duration.ZERO, Duration::plus)
        .dividedBy(Math.max(1, real.size()));
  }

  /** Whether what takes {@code more} would end after the whole budget. */
  private boolean timeIsUp(Duration more) {
    Duration whole = budget.compareTo(LEAST_TIME) < 0 ? LEAST_TIME : budget;
    return journal.spent().plus(more).compareTo(whole) > 0;
  }

  /** Why a candidate that turned out slow is slow. */
  private Trial explained(Trial trial, Attempt.Tools tools) {
    boolean slow =
        trial.status() == Trial.Status.DROPPED
            && trial.stage() == Trial.Stage.QUICK_SPEED
            && !trial.speed().isEmpty()
            && tools.choice().slower(trial).isPresent();
    if (!slow) {
      return trial;
    }
    meter.at(trial.label() + ": why it is slow", 0);
    record Causes(List<Slowness.Cause> causes) {}
    Causes found =
        journal.once(
            "slow/" + trial.id(),
            Causes.class,
            () -> {
              Duration cost = trial.speed().getFirst().p50().multipliedBy(Slowness.RUNS);
              if (cost.compareTo(share(EXPLAIN_SHARE)) > 0 || timeIsUp(cost)) {
                return new Causes(List.of());
              }
              try {
                return new Causes(runner.slow(present(trial)));
              } catch (EnvironmentException e) {
                throw e;
              } catch (RuntimeException e) {
                // An explanation less; no reason to lose the study.
                meter.note(trial.label() + ": not explained: " + e.getMessage());
                return new Causes(List.of());
              }
            });
    return Trials.withSlow(trial, found.causes());
  }

  /** The candidate with the layers that make it slow left in floating point, if that is known. */
  private static Study.@Nullable Planned without(Study.Planned candidate, Trial trial) {
    List<String> layers = Slowness.exclude(trial.slow());
    List<Step> steps = candidate.recipe().stream().map(s -> s.excluding(layers)).toList();
    return steps.equals(candidate.recipe())
        ? null
        : new Study.Planned(
            candidate.id() + "-fast",
            candidate.label() + " without the slow layers",
            steps,
            "%d layers of %s are slower than in floating point"
                .formatted(layers.size(), candidate.label()));
  }

  private boolean timeForAnother(int done) {
    double spent = journal.spent().toNanos();
    double limit = budget.toNanos() * TRIALS_UNTIL;
    return spent + spent / Math.max(1, done) * 0.5 < limit;
  }

  private List<Trial> peers(Attempt.Tools tools) {
    List<Trial> peers = new ArrayList<>();
    for (int i = 0; i < workload.peers().size(); i++) {
      Trial peer = Trials.peer("peer-" + (i + 1), workload.peers().get(i));
      peers.add(journal.once("peer/" + peer.id(), Trial.class, () -> Attempt.peer(tools, peer)));
    }
    return peers;
  }

  /** Past the budget, what the first timing left without prospect is not timed again. */
  private Finals finals(List<Trial> finalists, List<Trial> peers, boolean prospect) {
    meter.at(finalists.size() + " finalists head to head", 0.65);
    return journal.once(
        "finals",
        Finals.class,
        () -> {
          if (!prospect && !inTime()) {
            return new Finals(Map.of(), Map.of());
          }
          List<TrialRunner.Subject> subjects = new ArrayList<>();
          finalists.forEach(t -> subjects.add(present(t)));
          peers.stream()
              .filter(p -> p.status() == Trial.Status.MEASURED)
              .forEach(p -> subjects.add(present(p)));
          return headToHead(subjects);
        });
  }

  /**
   * The trial's model, for what is measured now. Its artifact may have been cleared since an
   * earlier run made it; then the recipe makes it again.
   */
  private TrialRunner.Subject present(Trial trial) {
    TrialRunner.Subject subject = Trials.subject(trial);
    if (trial.kind() == Trial.Kind.CANDIDATE && !runner.has(subject)) {
      runner.make(
          new Study.Planned(trial.id(), trial.label(), trial.recipe(), trial.expectation()));
    }
    return subject;
  }

  /** All in one run; one that fails at some row is found out and the others measured without it. */
  private Finals headToHead(List<TrialRunner.Subject> subjects) {
    List<Row> rows = workload.rows();
    Duration perRow = share(FINALS_SHARE / rows.size());
    try {
      return new Finals(runner.speed(subjects, rows, perRow), Map.of());
    } catch (EnvironmentException e) {
      throw e;
    } catch (RuntimeException together) {
      Map<String, String> failed = new TreeMap<>();
      for (TrialRunner.Subject subject : subjects) {
        try {
          runner.speed(List.of(subject), rows, Duration.ofSeconds(1));
        } catch (EnvironmentException e) {
          throw e;
        } catch (RuntimeException e) {
          failed.put(subject.id(), Attempt.reason(e));
        }
      }
      if (failed.isEmpty()) {
        throw together;
      }
      List<TrialRunner.Subject> left =
          subjects.stream().filter(s -> !failed.containsKey(s.id())).toList();
      return new Finals(runner.speed(left, rows, perRow), failed);
    }
  }

  private static Trial measured(Trial trial, Finals finals) {
    String failure = finals.failed().get(trial.id());
    if (failure != null) {
      return Trials.stopped(trial, Trial.Status.FAILED, failure, trial.took());
    }
    List<SpeedRow> speed = finals.speeds().get(trial.id());
    return speed == null ? trial : Trials.withSpeed(trial, speed);
  }

  private Trial.@Nullable MemoryUse cost(Trial trial) {
    meter.at(trial.label() + ": memory and start-up", 0.85);
    record Cost(Trial.@Nullable MemoryUse use) {}
    return journal
        .once(
            "cost/" + trial.id(),
            Cost.class,
            () -> {
              if (workload.limits().peakBytes().isEmpty() && !inTime()) {
                meter.note(trial.label() + ": memory was not measured: the time was up");
                return new Cost(null);
              }
              try {
                return new Cost(runner.cost(present(trial)));
              } catch (RuntimeException e) {
                // A figure less in the report; no reason to lose the study.
                meter.note(trial.label() + ": memory could not be measured: " + e.getMessage());
                return new Cost(null);
              }
            })
        .use();
  }

  /** How the finalists fared; {@code chosen} is the first that keeps the promise. */
  private record Promised(
      List<Trial> finalists, @Nullable Trial chosen, String reason, int tested) {
    Trial latest(Trial trial) {
      return finalists.stream().filter(t -> t.id().equals(trial.id())).findFirst().orElse(trial);
    }
  }

  private Promised promise(Choice choice, List<Trial> finalists, Trial baseline) {
    List<Trial> results = new ArrayList<>(finalists);
    int tested = 0;
    String reason = NONE;
    List<Trial> running =
        finalists.stream().filter(t -> t.status() == Trial.Status.MEASURED).toList();
    for (Trial finalist : choice.order(running, baseline)) {
      Optional<String> out = choice.ruledOut(finalist, baseline);
      if (out.isPresent()) {
        reason = reason.equals(NONE) ? NONE + "; " + finalist.label() + ": " + out.get() : reason;
        replace(
            results, Trials.stopped(finalist, Trial.Status.DROPPED, out.get(), finalist.took()));
        continue;
      }
      tested++;
      // The error allowed is spread over all who may be tested, halving each time: together they
      // keep the confidence asked.
      double confidence = 1 - (1 - workload.promise().confidence()) / Math.pow(2, tested);
      meter.at(finalist.label() + ": the promise, on the test split", 0.9);
      Tested test =
          journal.once("promise/" + finalist.id(), Tested.class, () -> test(finalist, confidence));
      Quality promise = test.quality();
      if (promise == null) {
        reason = finalist.label() + " fails on the test split: " + test.failure();
        replace(
            results,
            Trials.stopped(
                finalist, Trial.Status.FAILED, "test: " + test.failure(), finalist.took()));
        continue;
      }
      Trial kept = Trials.withTest(finalist, promise);
      Optional<String> belowFloor = choice.belowFloor(promise);
      if (promise.verdict() == Quality.Verdict.KEPT && belowFloor.isEmpty()) {
        replace(results, kept);
        return new Promised(
            results,
            kept,
            "%s: best %s of %d finalists; %s"
                .formatted(
                    kept.label(), workload.objective().text(), finalists.size(), promise.text()),
            tested);
      }
      String broken =
          promise.verdict() == Quality.Verdict.KEPT
              ? belowFloor.orElseThrow()
              : "does not keep the promise: " + promise.text();
      reason = kept.label() + " on the test split: " + broken;
      replace(results, Trials.stopped(kept, Trial.Status.DROPPED, "test: " + broken, kept.took()));
    }
    return new Promised(results, null, reason, tested);
  }

  private Tested test(Trial finalist, double confidence) {
    try {
      return new Tested(
          runner.quality(present(finalist), Split.TEST, Integer.MAX_VALUE, confidence), "");
    } catch (EnvironmentException e) {
      throw e;
    } catch (RuntimeException e) {
      return new Tested(null, Attempt.reason(e));
    }
  }

  private static void replace(List<Trial> trials, Trial by) {
    trials.replaceAll(t -> t.id().equals(by.id()) ? by : t);
  }

  /** A share of the budget, at least two seconds. */
  private Duration share(double share) {
    return Duration.ofNanos(Math.max(2_000_000_000L, Math.round(budget.toNanos() * share)));
  }

  private Duration quickTime() {
    Duration wanted = share(0.01);
    return wanted.compareTo(Duration.ofSeconds(8)) > 0 ? Duration.ofSeconds(8) : wanted;
  }
}
