package dev.hasten.study;

import dev.hasten.measure.Row;
import dev.hasten.measure.Split;
import dev.hasten.runtime.EnvironmentException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The search: which candidates are tried, which are dropped, which is delivered. All that it knows
 * about the world comes through the journal, so the same journal leads to the same choice.
 */
final class Search {
  /** Examples of the first look at quality: enough to see what is hopeless. */
  static final int QUICK_EXAMPLES = 200;

  static final int FINALISTS = 4;

  /** Shares of the budget after which a phase begins nothing new. */
  private static final double TRIALS_UNTIL = 0.6;

  private static final double FINALS_SHARE = 0.2;
  private static final double TUNING_SHARE = 0.05;

  private final Workload workload;
  private final TrialRunner runner;
  private final Journal journal;
  private final Choice choice;
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
    this.choice = new Choice(workload, higherIsBetter);
    this.budget = workload.budget().total();
    this.meter = new Meter(progress, journal, budget);
  }

  /** What the search found. */
  record Found(
      ProfileResult before,
      @Nullable ProfileResult after,
      Trial baseline,
      List<Trial> trials,
      List<Trial> peers,
      @Nullable Trial chosen,
      String reason,
      int promisesTested,
      List<StudyResult.TuningRow> tuning) {}

  // Values of the journal that are not records of the result themselves.
  record Plan(List<Study.Planned> candidates) {}

  record Finals(Map<String, List<SpeedRow>> speeds) {}

  record Tuned(List<StudyResult.TuningRow> rows) {}

  Found run(Trial original, java.util.function.Supplier<List<Study.Planned>> candidates) {
    meter.phase("Profile", 1);
    ProfileResult before =
        journal.once("profile", ProfileResult.class, () -> runner.profile(subject(original), true));
    List<Study.Planned> planned =
        journal.once("candidates", Plan.class, () -> new Plan(candidates.get())).candidates();

    meter.phase("Trials", 2);
    List<Trial> trials = trials(planned);
    List<Trial> peers = peers();

    meter.phase("Finalists", 3);
    List<Trial> finalists =
        choice.order(
            trials.stream().filter(t -> t.status() == Trial.Status.MEASURED).toList(), original);
    finalists = finalists.subList(0, Math.min(FINALISTS, finalists.size()));
    Map<String, List<SpeedRow>> speeds = finals(finalists, peers);
    Trial baseline =
        Trials.withSpeed(original, speeds.getOrDefault(TrialRunner.BASELINE, List.of()));
    baseline = Trials.withMemory(baseline, cost(baseline));
    List<Trial> measured = new ArrayList<>();
    for (Trial finalist : finalists) {
      Trial full = Trials.withSpeed(finalist, speeds.getOrDefault(finalist.id(), List.of()));
      measured.add(Trials.withMemory(full, cost(full)));
    }
    peers =
        peers.stream()
            .map(p -> Trials.withSpeed(p, speeds.getOrDefault(p.id(), p.speed())))
            .toList();

    meter.phase("Promise", 4);
    return conclude(before, baseline, trials, peers, measured);
  }

  private List<Trial> trials(List<Study.Planned> planned) {
    List<Trial> trials = new ArrayList<>();
    boolean complete = false;
    for (int i = 0; i < planned.size(); i++) {
      Study.Planned candidate = planned.get(i);
      boolean needed = !complete;
      int done = i;
      boolean go =
          journal.once("go/" + candidate.id(), Boolean.class, () -> needed || timeForAnother(done));
      if (!go) {
        trials.add(
            Trials.ended(candidate, Trial.Status.DROPPED, "the time was up before its turn"));
        continue;
      }
      meter.at(candidate.label(), 0.1 + 0.5 * i / planned.size());
      Trial trial = journal.once("trial/" + candidate.id(), Trial.class, () -> attempt(candidate));
      complete |= trial.status() == Trial.Status.MEASURED;
      trials.add(trial);
      meter.trial(trial);
    }
    return trials;
  }

  private boolean timeForAnother(int done) {
    double spent = journal.spent().toNanos();
    double limit = budget.toNanos() * TRIALS_UNTIL;
    return spent + spent / Math.max(1, done) * 0.5 < limit;
  }

  private Trial attempt(Study.Planned candidate) {
    long start = System.nanoTime();
    Trial trial = Trials.begun(candidate);
    try {
      TrialRunner.Made made = runner.make(candidate);
      trial = Trials.made(trial, made);
      TrialRunner.Subject subject = new TrialRunner.Subject(candidate.id(), made.artifact());
      double confidence = workload.promise().confidence();
      meter.at(candidate.label() + ": quality", 0);
      Quality quick = runner.quality(subject, Split.VALIDATE, QUICK_EXAMPLES, confidence);
      trial = Trials.withValidate(trial, quick, Trial.Stage.QUICK_QUALITY);
      if (quick.verdict() == Quality.Verdict.BROKEN) {
        return Trials.stopped(
            trial, Trial.Status.DROPPED, "quality: " + quick.text(), since(start));
      }
      meter.at(candidate.label() + ": speed", 0);
      List<SpeedRow> speed =
          runner
              .speed(List.of(subject), workload.rows().subList(0, 1), quickTime())
              .getOrDefault(candidate.id(), List.of());
      trial = Trials.withSpeed(trial, speed, Trial.Stage.QUICK_SPEED);
      if (workload.objective() == Objective.LATENCY
          && !speed.isEmpty()
          && speed.getFirst().speedup().high() < 1) {
        return Trials.stopped(
            trial,
            Trial.Status.DROPPED,
            "slower than the original: " + speed.getFirst().speedup(),
            since(start));
      }
      meter.at(candidate.label() + ": quality on all of validate", 0);
      Quality full = runner.quality(subject, Split.VALIDATE, Integer.MAX_VALUE, confidence);
      trial = Trials.withValidate(trial, full, Trial.Stage.QUICK_SPEED);
      if (full.verdict() == Quality.Verdict.BROKEN) {
        return Trials.stopped(trial, Trial.Status.DROPPED, "quality: " + full.text(), since(start));
      }
      if (choice.belowFloor(full.candidate())) {
        return Trials.stopped(
            trial,
            Trial.Status.DROPPED,
            "quality: %s %.4g is beyond the floor".formatted(full.metric(), full.candidate()),
            since(start));
      }
      return Trials.stopped(trial, Trial.Status.MEASURED, "", since(start));
    } catch (EnvironmentException e) {
      // A full disk is no fault of the candidate's.
      throw e;
    } catch (RuntimeException e) {
      return Trials.stopped(
          trial,
          Trial.Status.FAILED,
          e.getClass().getSimpleName() + ": " + e.getMessage(),
          since(start));
    }
  }

  private List<Trial> peers() {
    List<Trial> peers = new ArrayList<>();
    for (int i = 0; i < workload.peers().size(); i++) {
      Workload.Peer peer = workload.peers().get(i);
      String id = "peer-" + (i + 1);
      meter.at(peer.name() + ": quality", 0.6);
      peers.add(
          journal.once(
              "peer/" + id,
              Trial.class,
              () -> {
                long start = System.nanoTime();
                Trial trial = Trials.peer(id, peer);
                try {
                  Quality quality =
                      runner.quality(
                          subject(trial),
                          Split.VALIDATE,
                          Integer.MAX_VALUE,
                          workload.promise().confidence());
                  return Trials.stopped(
                      Trials.withValidate(trial, quality, Trial.Stage.QUICK_QUALITY),
                      Trial.Status.MEASURED,
                      "",
                      since(start));
                } catch (EnvironmentException e) {
                  throw e;
                } catch (RuntimeException e) {
                  return Trials.stopped(
                      trial, Trial.Status.FAILED, String.valueOf(e.getMessage()), since(start));
                }
              }));
    }
    return peers;
  }

  private Map<String, List<SpeedRow>> finals(List<Trial> finalists, List<Trial> peers) {
    List<TrialRunner.Subject> subjects = new ArrayList<>();
    finalists.forEach(t -> subjects.add(subject(t)));
    peers.stream()
        .filter(p -> p.status() == Trial.Status.MEASURED)
        .forEach(p -> subjects.add(subject(p)));
    List<Row> rows = workload.rows();
    meter.at(finalists.size() + " finalists head to head", 0.65);
    return journal
        .once(
            "finals",
            Finals.class,
            () -> new Finals(runner.speed(subjects, rows, share(FINALS_SHARE / rows.size()))))
        .speeds();
  }

  private Trial.@Nullable MemoryUse cost(Trial trial) {
    meter.at(trial.label() + ": memory and start-up", 0.85);
    record Cost(Trial.@Nullable MemoryUse use) {}
    return journal
        .once(
            "cost/" + trial.id(),
            Cost.class,
            () -> {
              try {
                return new Cost(runner.cost(subject(trial)));
              } catch (RuntimeException e) {
                // A figure less in the report; no reason to lose the study.
                meter.note(trial.label() + ": memory could not be measured: " + e.getMessage());
                return new Cost(null);
              }
            })
        .use();
  }

  private Found conclude(
      ProfileResult before,
      Trial baseline,
      List<Trial> trials,
      List<Trial> peers,
      List<Trial> finalists) {
    List<Trial> results = new ArrayList<>(finalists);
    Trial chosen = null;
    int tested = 0;
    String reason = "no candidate was both good enough and better than the original";
    for (Trial finalist : choice.order(finalists, baseline)) {
      Optional<String> out = choice.ruledOut(finalist, baseline);
      if (out.isPresent()) {
        replace(
            results, Trials.stopped(finalist, Trial.Status.DROPPED, out.get(), finalist.took()));
        continue;
      }
      tested++;
      // The error allowed is spread over all who may be tested, halving each time: together they
      // keep the confidence asked.
      double confidence = 1 - (1 - workload.promise().confidence()) / Math.pow(2, tested);
      meter.at(finalist.label() + ": the promise, on the test split", 0.9);
      Quality promise =
          journal.once(
              "promise/" + finalist.id(),
              Quality.class,
              () -> runner.quality(subject(finalist), Split.TEST, Integer.MAX_VALUE, confidence));
      Trial kept = Trials.withTest(finalist, promise);
      replace(results, kept);
      if (promise.verdict() == Quality.Verdict.KEPT && !choice.belowFloor(promise.candidate())) {
        chosen = kept;
        reason =
            "%s: best %s of %d finalists; %s"
                .formatted(
                    kept.label(), workload.objective().text(), finalists.size(), promise.text());
        break;
      }
      reason = kept.label() + " does not keep the promise on the test split: " + promise.text();
      replace(
          results,
          Trials.stopped(kept, Trial.Status.DROPPED, "test: " + promise.text(), kept.took()));
    }
    List<Trial> all =
        trials.stream()
            .map(t -> results.stream().filter(r -> r.id().equals(t.id())).findFirst().orElse(t))
            .toList();
    List<StudyResult.TuningRow> tuning = List.of();
    ProfileResult after = null;
    if (chosen != null) {
      TrialRunner.Subject winner = subject(chosen);
      meter.phase("Settings", 5);
      tuning =
          journal
              .once(
                  "tuning", Tuned.class, () -> new Tuned(runner.tune(winner, share(TUNING_SHARE))))
              .rows();
      after = journal.once("after", ProfileResult.class, () -> runner.profile(winner, false));
    }
    return new Found(before, after, baseline, all, peers, chosen, reason, tested, tuning);
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

  private static TrialRunner.Subject subject(Trial trial) {
    return new TrialRunner.Subject(trial.id(), Trials.artifact(trial));
  }

  private static Duration since(long start) {
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
