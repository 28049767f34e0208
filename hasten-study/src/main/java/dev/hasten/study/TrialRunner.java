package dev.hasten.study;

import dev.hasten.measure.Row;
import dev.hasten.measure.Split;
import dev.hasten.study.layers.Layer;
import dev.hasten.study.layers.Probe;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** What the search lets be made and measured. The search itself only decides. */
interface TrialRunner {
  /** Id of the user's own model among the subjects. */
  String BASELINE = "baseline";

  /** A model to be measured: the baseline, an artifact, a peer. */
  record Subject(String id, String artifact) {}

  /**
   * A recipe's model.
   *
   * @param artifact where it is kept, for {@link Subject}
   */
  record Made(
      String artifact,
      String sha256,
      long fileBytes,
      List<Trial.ChangeCount> changes,
      List<Trial.RefusalNote> refusals) {}

  /** Applies a recipe and keeps the model. */
  Made make(Study.Planned candidate);

  /** Whether a subject's model is there; what was made may have been cleared since. */
  boolean has(Subject subject);

  /** Scores a subject beside the baseline on the first {@code examples} of a split. */
  Quality quality(Subject subject, Split split, int examples, double confidence);

  /** Measures all subjects, the baseline among them or not, in one interleaved run. */
  Map<String, List<SpeedRow>> speed(List<Subject> subjects, List<Row> rows, Duration perRow);

  /** Memory and start-up in a process of its own. */
  Trial.MemoryUse cost(Subject subject);

  /** Profiles a subject. */
  ProfileResult profile(Subject subject, boolean careful);

  /** The layers that may be quantized one by one, in the model's order. */
  List<Layer> layers(MixPlan plan, Row judged);

  /** Quantizes one layer alone, in each of the plan's formats. */
  Probe probe(MixPlan plan, Row judged, Layer layer);

  /** What makes a subject slower than it could be; empty if nothing was found. */
  default List<Slowness.Cause> slow(Subject subject) {
    return List.of();
  }

  /** Tries run-time settings on a row's inputs, best first, the chosen one marked. */
  List<StudyResult.TuningRow> tune(Subject subject, Row row, Duration budget);
}
