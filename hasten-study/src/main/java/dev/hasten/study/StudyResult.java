package dev.hasten.study;

import dev.hasten.measure.Hardware;
import dev.hasten.measure.Row;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a study found: all that its report shows. Plain data, read and written by {@link
 * #toJson(StudyResult)} and {@link #fromJson}.
 *
 * @param hasten version of Hasten
 * @param started when the study first began
 * @param took time spent, that of earlier runs which were resumed included
 * @param asked what the user wanted
 * @param outcome what was decided
 * @param baseline the user's model
 * @param trials the candidates, in the order tried
 * @param peers other versions of the model that were measured beside
 * @param frontier ids of the trials (baseline included) that no other beats in speed, quality and
 *     size at once
 * @param before profile of the user's model
 * @param after profile of the delivered one, null if none
 * @param advice per strategy
 * @param tuning the run-time settings tried for the delivered model, best first; empty if none
 * @param layers what was found about quantizing single layers, null where plain recipes sufficed
 * @param hardware this machine
 * @param versions of JDK, runtime, operating system
 * @param commands that reproduce the study
 * @param files of the bundle
 * @param warnings for the user
 */
public record StudyResult(
    String hasten,
    Instant started,
    Duration took,
    Asked asked,
    Outcome outcome,
    Trial baseline,
    List<Trial> trials,
    List<Trial> peers,
    List<String> frontier,
    ProfileResult before,
    @Nullable ProfileResult after,
    List<Advice> advice,
    List<TuningRow> tuning,
    @Nullable LayerStudy layers,
    Hardware hardware,
    Map<String, String> versions,
    List<String> commands,
    List<BundleFile> files,
    List<String> warnings) {
  public StudyResult {
    trials = List.copyOf(trials);
    peers = List.copyOf(peers);
    frontier = List.copyOf(frontier);
    advice = List.copyOf(advice);
    tuning = List.copyOf(tuning);
    versions = new java.util.TreeMap<>(versions);
    commands = List.copyOf(commands);
    files = List.copyOf(files);
    warnings = List.copyOf(warnings);
  }

  /** Baseline, candidates and peers. */
  public List<Trial> all() {
    List<Trial> all = new ArrayList<>();
    all.add(baseline);
    all.addAll(trials);
    all.addAll(peers);
    return all;
  }

  /** The trial that became the bundle. */
  public Optional<Trial> delivered() {
    return all().stream().filter(t -> t.id().equals(outcome.trial())).findFirst();
  }

  /** The same with the bundle's files. */
  StudyResult withFiles(List<BundleFile> listed) {
    return new StudyResult(
        hasten, started, took, asked, outcome, baseline, trials, peers, frontier, before, after,
        advice, tuning, layers, hardware, versions, commands, listed, warnings);
  }

  /** The result as indented JSON. */
  public static String toJson(StudyResult result) {
    return Json.pretty(result);
  }

  /** Reads {@link #toJson}. */
  public static StudyResult fromJson(String json) {
    return Json.read(json, StudyResult.class);
  }

  /**
   * What the user wanted.
   *
   * @param model file name
   * @param modelSha256 of its content
   * @param modelBytes of its file
   * @param parameters numbers in its weights
   * @param opset of ai.onnx
   * @param data file names
   * @param format of the data
   * @param calibrate examples of that split
   * @param validate examples of that split
   * @param test examples of that split
   * @param metric its name
   * @param metricMeaning a sentence
   * @param higherIsBetter its direction
   * @param maxDrop allowed, in the metric's unit
   * @param confidence of the promise
   * @param floor least score allowed, null if none was asked
   * @param objective what is made best
   * @param budget time allowed
   * @param rows measured
   * @param headline the row on which the objective is judged
   * @param limits asked: name to text
   */
  public record Asked(
      String model,
      String modelSha256,
      long modelBytes,
      long parameters,
      long opset,
      List<String> data,
      String format,
      int calibrate,
      int validate,
      int test,
      String metric,
      String metricMeaning,
      boolean higherIsBetter,
      double maxDrop,
      double confidence,
      @Nullable Double floor,
      Objective objective,
      Duration budget,
      List<Row> rows,
      Row headline,
      Map<String, String> limits) {
    public Asked {
      data = List.copyOf(data);
      rows = List.copyOf(rows);
      limits = Map.copyOf(limits);
    }
  }

  /**
   * What was decided.
   *
   * @param delivered whether a bundle was written
   * @param trial id of the trial in it, null if none
   * @param reason why this one, or why none
   * @param promisesTested how many finalists were tested on the test split; above 1 the confidence
   *     was raised for each so that all together keep the one asked
   */
  public record Outcome(
      boolean delivered, @Nullable String trial, String reason, int promisesTested) {}

  /** A run-time setting tried for the delivered model. */
  public record TuningRow(
      int threads, String optimization, Duration p50, double examplesPerSecond, boolean chosen) {}

  /** A file of the bundle. */
  public record BundleFile(String name, long bytes, String sha256) {}
}
