package dev.hasten.study;

import dev.hasten.measure.Row;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One recipe, applied and measured; the baseline and the peers are trials too.
 *
 * @param id short and stable: {@code baseline}, {@code t1}, {@code peer-1}
 * @param label for people: {@code simplify + dynamic-int8 per-channel}
 * @param kind what it is
 * @param status how it ended
 * @param stage the last stage that it reached
 * @param reason why it was dropped or failed; empty if measured
 * @param expectation why it was tried
 * @param recipe its steps; empty for the baseline and peers
 * @param fileBytes size of the model's file, external data included; 0 if it never came to be
 * @param sha256 of the model's file, empty if it never came to be
 * @param speed one entry per row measured; of the last, most careful run that it was in
 * @param memory null unless it was measured in a process of its own (finalists)
 * @param validate quality on the validate split, null if not taken
 * @param test quality on the test split, null unless the promise was tested on it
 * @param changes what its techniques changed, counted
 * @param refusals what its techniques refused to change, and why
 * @param took time spent on it
 * @param slow what makes it slower than it could be, dearest first; empty if it was not looked for
 */
public record Trial(
    String id,
    String label,
    Kind kind,
    Status status,
    Stage stage,
    String reason,
    String expectation,
    List<Step> recipe,
    long fileBytes,
    String sha256,
    List<SpeedRow> speed,
    @Nullable MemoryUse memory,
    @Nullable Quality validate,
    @Nullable Quality test,
    List<ChangeCount> changes,
    List<RefusalNote> refusals,
    Duration took,
    List<Slowness.Cause> slow) {
  /** Without a look at what makes it slow. */
  public Trial(
      String id,
      String label,
      Kind kind,
      Status status,
      Stage stage,
      String reason,
      String expectation,
      List<Step> recipe,
      long fileBytes,
      String sha256,
      List<SpeedRow> speed,
      @Nullable MemoryUse memory,
      @Nullable Quality validate,
      @Nullable Quality test,
      List<ChangeCount> changes,
      List<RefusalNote> refusals,
      Duration took) {
    this(
        id,
        label,
        kind,
        status,
        stage,
        reason,
        expectation,
        recipe,
        fileBytes,
        sha256,
        speed,
        memory,
        validate,
        test,
        changes,
        refusals,
        took,
        List.of());
  }

  public Trial {
    recipe = List.copyOf(recipe);
    speed = List.copyOf(speed);
    changes = List.copyOf(changes);
    refusals = List.copyOf(refusals);
    // Journals of before have none.
    slow = slow == null ? List.of() : List.copyOf(slow);
  }

  /** The speed at a row, if it was measured there. */
  public Optional<SpeedRow> at(Row row) {
    return speed.stream().filter(s -> s.row().equals(row)).findFirst();
  }

  /** What a trial is. */
  public enum Kind {
    /** The user's model as it is. */
    BASELINE,
    /** A recipe of the study. */
    CANDIDATE,
    /** Someone else's version of the model, listed under {@code compare}: measured, never taken. */
    PEER
  }

  /** How a trial ended. */
  public enum Status {
    MEASURED,
    /** Left early: quality or speed was hopeless. */
    DROPPED,
    /** The time was up before its turn. */
    NOT_TRIED,
    /** A technique or the runtime failed. */
    FAILED
  }

  /** How far a trial got. */
  public enum Stage {
    APPLIED,
    QUICK_QUALITY,
    QUICK_SPEED,
    FINAL,
    TESTED
  }

  /**
   * Cost as a process of its own.
   *
   * @param peakBytes highest resident memory
   * @param modelBytes the part of it that the model and its session added
   * @param load time to open the model
   * @param firstAnswer from the start of the process to the first answer
   */
  public record MemoryUse(long peakBytes, long modelBytes, Duration load, Duration firstAnswer) {}

  /** How often a technique's rule fired. */
  public record ChangeCount(String technique, String rule, int count) {}

  /** What was left alone. */
  public record RefusalNote(String technique, String node, String reason) {}
}
