package dev.hasten.study;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Trials as they grow: each step returns a new one. */
final class Trials {
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
    return new Trial(
        t.id(),
        t.label(),
        t.kind(),
        t.status(),
        t.stage(),
        t.reason(),
        t.expectation(),
        t.recipe(),
        made.fileBytes(),
        made.sha256(),
        t.speed(),
        t.memory(),
        t.validate(),
        t.test(),
        made.changes(),
        made.refusals(),
        t.took());
  }

  static Trial withValidate(Trial t, Quality quality, Trial.Stage stage) {
    return new Trial(
        t.id(),
        t.label(),
        t.kind(),
        t.status(),
        stage,
        t.reason(),
        t.expectation(),
        t.recipe(),
        t.fileBytes(),
        t.sha256(),
        t.speed(),
        t.memory(),
        quality,
        t.test(),
        t.changes(),
        t.refusals(),
        t.took());
  }

  static Trial withTest(Trial t, Quality quality) {
    return new Trial(
        t.id(),
        t.label(),
        t.kind(),
        t.status(),
        Trial.Stage.TESTED,
        t.reason(),
        t.expectation(),
        t.recipe(),
        t.fileBytes(),
        t.sha256(),
        t.speed(),
        t.memory(),
        t.validate(),
        quality,
        t.changes(),
        t.refusals(),
        t.took());
  }

  static Trial withSpeed(Trial t, List<SpeedRow> speed) {
    return withSpeed(t, speed, Trial.Stage.FINAL);
  }

  static Trial withSpeed(Trial t, List<SpeedRow> speed, Trial.Stage stage) {
    return new Trial(
        t.id(),
        t.label(),
        t.kind(),
        t.status(),
        stage,
        t.reason(),
        t.expectation(),
        t.recipe(),
        t.fileBytes(),
        t.sha256(),
        speed,
        t.memory(),
        t.validate(),
        t.test(),
        t.changes(),
        t.refusals(),
        t.took());
  }

  static Trial withMemory(Trial t, Trial.@Nullable MemoryUse memory) {
    return new Trial(
        t.id(),
        t.label(),
        t.kind(),
        t.status(),
        t.stage(),
        t.reason(),
        t.expectation(),
        t.recipe(),
        t.fileBytes(),
        t.sha256(),
        t.speed(),
        memory,
        t.validate(),
        t.test(),
        t.changes(),
        t.refusals(),
        t.took());
  }

  static Trial stopped(Trial t, Trial.Status status, String reason, Duration took) {
    return new Trial(
        t.id(),
        t.label(),
        t.kind(),
        status,
        t.stage(),
        reason,
        t.expectation(),
        t.recipe(),
        t.fileBytes(),
        t.sha256(),
        t.speed(),
        t.memory(),
        t.validate(),
        t.test(),
        t.changes(),
        t.refusals(),
        took);
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
}
