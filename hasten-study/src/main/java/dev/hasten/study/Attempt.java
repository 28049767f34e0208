package dev.hasten.study;

import dev.hasten.measure.Row;
import dev.hasten.measure.Split;
import dev.hasten.runtime.EnvironmentException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A candidate's way to its measured trial: made, looked at, timed, scored on all of the validate
 * split. It is dropped at the first stage that shows it to be hopeless, so that the dear stages are
 * for those that may win.
 */
final class Attempt {
  /** Examples of the first look at quality: enough to see what is hopeless. */
  static final int QUICK_EXAMPLES = 200;

  private final Tools tools;

  /** The trial as far as it got: what is known of one that fails half-way stays known. */
  private Trial reached;

  /**
   * What every attempt of a study uses.
   *
   * @param clock time spent on the study so far
   * @param timing how long the first timing may take
   */
  record Tools(
      Workload workload,
      Choice choice,
      TrialRunner runner,
      Meter meter,
      Supplier<Duration> clock,
      Duration timing) {}

  private Attempt(Tools tools, Trial begun) {
    this.tools = tools;
    this.reached = begun;
  }

  /**
   * Tries a candidate; one that throws is {@link Trial.Status#FAILED}.
   *
   * @param before the models that are known already: what is one of these needs no measuring
   */
  static Trial candidate(Tools tools, Study.Planned candidate, List<Trial> before) {
    Attempt attempt = new Attempt(tools, Trials.begun(candidate));
    return attempt.ended(() -> attempt.stages(candidate, before));
  }

  /** Scores a peer; its speed is taken with the finalists'. */
  static Trial peer(Tools tools, Trial peer) {
    Attempt attempt = new Attempt(tools, peer);
    return attempt.ended(attempt::score);
  }

  /** Runs the stages, which say why the trial is dropped, if so. */
  private Trial ended(Supplier<Optional<String>> stages) {
    Duration start = tools.clock().get();
    Trial.Status status;
    String reason;
    try {
      Optional<String> dropped = stages.get();
      status = dropped.isPresent() ? Trial.Status.DROPPED : Trial.Status.MEASURED;
      reason = dropped.orElse("");
    } catch (EnvironmentException e) {
      // A full disk is no fault of the candidate's.
      throw e;
    } catch (RuntimeException e) {
      status = Trial.Status.FAILED;
      reason = reason(e);
    }
    return Trials.stopped(reached, status, reason, tools.clock().get().minus(start));
  }

  private Optional<String> stages(Study.Planned candidate, List<Trial> before) {
    Choice choice = tools.choice();
    reached = Trials.made(reached, tools.runner().make(candidate));
    Optional<String> same = Trials.same(reached, before);
    if (same.isPresent()) {
      return same;
    }
    Optional<String> tooLarge = choice.tooLarge(reached);
    if (tooLarge.isPresent()) {
      return tooLarge;
    }
    tools.meter().at(candidate.label() + ": quality", 0);
    Quality quick = quality(QUICK_EXAMPLES);
    reached = Trials.withValidate(reached, quick, Trial.Stage.QUICK_QUALITY);
    if (quick.verdict() == Quality.Verdict.BROKEN) {
      return Optional.of("quality: " + quick.text());
    }
    tools.meter().at(candidate.label() + ": speed", 0);
    List<Row> row = List.of(choice.judged());
    List<SpeedRow> speed =
        tools
            .runner()
            .speed(List.of(Trials.subject(reached)), row, tools.timing())
            .getOrDefault(candidate.id(), List.of());
    reached = Trials.withSpeed(reached, speed, Trial.Stage.QUICK_SPEED);
    Optional<String> slower = choice.slower(reached);
    if (slower.isPresent()) {
      return slower;
    }
    tools.meter().at(candidate.label() + ": quality on all of validate", 0);
    boolean all = quick.examples() < QUICK_EXAMPLES;
    Quality full = all ? quick : quality(Integer.MAX_VALUE);
    reached = Trials.withValidate(reached, full, Trial.Stage.QUICK_SPEED);
    return full.verdict() == Quality.Verdict.BROKEN
        ? Optional.of("quality: " + full.text())
        : choice.belowFloor(full).map(text -> "quality: " + text);
  }

  private Optional<String> score() {
    tools.meter().at(reached.label() + ": quality", 0.6);
    Quality quality = quality(Integer.MAX_VALUE);
    reached = Trials.withValidate(reached, quality, Trial.Stage.QUICK_QUALITY);
    return Optional.empty();
  }

  private Quality quality(int examples) {
    double confidence = tools.workload().promise().confidence();
    return tools.runner().quality(Trials.subject(reached), Split.VALIDATE, examples, confidence);
  }

  /** What a failure is called in a trial's reason. */
  static String reason(RuntimeException e) {
    return e.getClass().getSimpleName() + ": " + e.getMessage();
  }
}
