package dev.hasten.study;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Trials as they grow: each step returns a new one. */
final class Trials {
  private static final String SAME = "same model as ";

  private Trials() {}

  static Trial original(String label, long bytes, String sha256) {
    return blank("baseline", label, Trial.Kind.BASELINE, "", List.of(), bytes, sha256);
  }

  static Trial peer(String id, Workload.Peer peer) {
    return blank(
        id,
        peer.name(),
        Trial.Kind.PEER,
        "listed under compare",
        List.of(),
        Hashes.size(peer.model()),
        Hashes.file(peer.model()));
  }

  static Trial begun(Study.Planned candidate) {
    return blank(
        candidate.id(),
        candidate.label(),
        Trial.Kind.CANDIDATE,
        candidate.reason(),
        candidate.recipe(),
        0,
        "");
  }

  static Trial ended(Study.Planned candidate, Trial.Status status, String reason) {
    return stopped(begun(candidate), status, reason, Duration.ZERO);
  }

  static Trial made(Trial t, TrialRunner.Made made) {
    Draft draft = new Draft(t);
    draft.fileBytes = made.fileBytes();
    draft.sha256 = made.sha256();
    draft.changes = made.changes();
    draft.refusals = made.refusals();
    return draft.trial();
  }

  static Trial withValidate(Trial t, Quality quality, Trial.Stage stage) {
    Draft draft = new Draft(t);
    draft.validate = quality;
    draft.stage = stage;
    return draft.trial();
  }

  static Trial withTest(Trial t, Quality quality) {
    Draft draft = new Draft(t);
    draft.test = quality;
    draft.stage = Trial.Stage.TESTED;
    return draft.trial();
  }

  static Trial withSpeed(Trial t, List<SpeedRow> speed) {
    return withSpeed(t, speed, Trial.Stage.FINAL);
  }

  static Trial withSpeed(Trial t, List<SpeedRow> speed, Trial.Stage stage) {
    Draft draft = new Draft(t);
    draft.speed = speed;
    draft.stage = stage;
    return draft.trial();
  }

  static Trial withSlow(Trial t, List<Slowness.Cause> causes) {
    Draft draft = new Draft(t);
    draft.slow = causes;
    return draft.trial();
  }

  static Trial withMemory(Trial t, Trial.@Nullable MemoryUse memory) {
    Draft draft = new Draft(t);
    draft.memory = memory;
    return draft.trial();
  }

  static Trial stopped(Trial t, Trial.Status status, String reason, Duration took) {
    Draft draft = new Draft(t);
    draft.status = status;
    draft.reason = reason;
    draft.took = took;
    return draft.trial();
  }

  /** Which of these trials has the same model, byte for byte, for people. */
  static Optional<String> same(Trial trial, List<Trial> before) {
    return before.stream()
        .filter(t -> t.sha256().equals(trial.sha256()))
        .findFirst()
        .map(t ->
            SAME
                + (t.kind() == Trial.Kind.BASELINE
                    ? "the original"
                    : t.id() + " (" + t.label() + ")"));
  }

  /** Whether it was given up because an earlier one had the same model. */
  static boolean isRepeated(Trial trial) {
    return trial.status() == Trial.Status.DROPPED && trial.reason().startsWith(SAME);
  }

  /** The trial's model, for the runner. */
  static TrialRunner.Subject subject(Trial trial) {
    return new TrialRunner.Subject(trial.id(), artifact(trial));
  }

  /** The name under which the runner keeps a trial's model. */
  private static String artifact(Trial trial) {
    return switch (trial.kind()) {
      case BASELINE -> "";
      case CANDIDATE -> trial.sha256() + ".onnx";
      case PEER -> trial.label();
    };
  }

  private static Trial blank(
      String id,
      String label,
      Trial.Kind kind,
      String why,
      List<Step> recipe,
      long bytes,
      String sha256) {
    return new Trial(
        id,
        label,
        kind,
        Trial.Status.MEASURED,
        Trial.Stage.APPLIED,
        "",
        why,
        recipe,
        bytes,
        sha256,
        List.of(),
        null,
        null,
        null,
        List.of(),
        List.of(),
        Duration.ZERO);
  }

  /** A trial while parts of it are exchanged. */
  private static final class Draft {
    private final Trial from;
    private Trial.Status status;
    private Trial.Stage stage;
    private String reason;
    private long fileBytes;
    private String sha256;
    private List<SpeedRow> speed;
    private Trial.@Nullable MemoryUse memory;
    private @Nullable Quality validate;
    private @Nullable Quality test;
    private List<Trial.ChangeCount> changes;
    private List<Trial.RefusalNote> refusals;
    private Duration took;
    private List<Slowness.Cause> slow;

    Draft(Trial from) {
      this.from = from;
      this.status = from.status();
      this.stage = from.stage();
      this.reason = from.reason();
      this.fileBytes = from.fileBytes();
      this.sha256 = from.sha256();
      this.speed = from.speed();
      this.memory = from.memory();
      this.validate = from.validate();
      this.test = from.test();
      this.changes = from.changes();
      this.refusals = from.refusals();
      this.took = from.took();
      this.slow = from.slow();
    }

    Trial trial() {
      return new Trial(
          from.id(),
          from.label(),
          from.kind(),
          status,
          stage,
          reason,
          from.expectation(),
          from.recipe(),
          fileBytes,
          sha256,
          speed,
          memory,
          validate,
          test,
          changes,
          refusals,
          took,
          slow);
    }
  }
}
