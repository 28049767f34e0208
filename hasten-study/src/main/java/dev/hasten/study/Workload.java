package dev.hasten.study;

import dev.hasten.graph.TargetRuntime;
import dev.hasten.measure.DataSpec;
import dev.hasten.measure.Metric;
import dev.hasten.measure.Metrics;
import dev.hasten.measure.Row;
import dev.hasten.measure.Splitter;
import dev.hasten.runtime.PipelineSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the user wants made faster: a model, its data, the input pipeline, the quality metric, the
 * objective and the limits.
 *
 * @param file the YAML that it was read from; its name stands in messages
 * @param model the ONNX file
 * @param pipeline how examples become tensors; file names in it are relative to {@link #folder}
 * @param data one or more files of examples
 * @param splitter how the examples are split
 * @param metric null: chosen from the outputs
 * @param promise allowed drop, confidence and floor
 * @param objective what is made best
 * @param limits on the delivered model
 * @param rows conditions measured, the first being the one on which latency is judged
 * @param threads intra-operator threads of the rows that name none
 * @param include techniques to try; empty: all
 * @param exclude techniques not to try
 * @param peers other versions of the model to measure beside
 * @param output where the bundle goes
 * @param budget how long the study may take
 */
public record Workload(
    Path file,
    Path model,
    PipelineSpec pipeline,
    List<DataSpec> data,
    Splitter splitter,
    @Nullable MetricName metric,
    Asked promise,
    Objective objective,
    Limits limits,
    List<Row> rows,
    int threads,
    Set<String> include,
    Set<String> exclude,
    List<Peer> peers,
    Path output,
    Budget budget) {
  public Workload {
    data = List.copyOf(data);
    rows = List.copyOf(rows);
    include = Set.copyOf(include);
    exclude = Set.copyOf(exclude);
    peers = List.copyOf(peers);
  }

  /**
   * Reads a workload file, checked against the schema ({@link #schema}).
   *
   * @throws dev.hasten.runtime.BadInputException naming file, line, column, field, value and what
   *     was expected, one line per fault
   */
  public static Workload read(Path yaml) {
    return WorkloadReader.read(yaml);
  }

  /** The JSON schema of the file, for editors; {@code docs/workload.schema.json} is the same. */
  public static String schema() {
    return WorkloadSchema.text();
  }

  /** Where the workload file lies. */
  public Path folder() {
    Path folder = file.toAbsolutePath().getParent();
    return folder == null ? file.toAbsolutePath() : folder;
  }

  /** The same with another objective. */
  public Workload withObjective(Objective changed) {
    return new Workload(
        file, model, pipeline, data, splitter, metric, promise, changed, limits, rows, threads,
        include, exclude, peers, output, budget);
  }

  /** The same with another allowed drop, in the metric's unit. */
  public Workload withMaxDrop(double drop) {
    return new Workload(
        file,
        model,
        pipeline,
        data,
        splitter,
        metric,
        new Asked(drop, promise.confidence(), promise.floor()),
        objective,
        limits,
        rows,
        threads,
        include,
        exclude,
        peers,
        output,
        budget);
  }

  /** The same with another budget. */
  public Workload withBudget(Budget changed) {
    return new Workload(
        file, model, pipeline, data, splitter, metric, promise, objective, limits, rows, threads,
        include, exclude, peers, output, changed);
  }

  /** The same for another model, with nothing to compare it with. */
  Workload withModel(Path changed, List<Peer> others) {
    return new Workload(
        file, changed, pipeline, data, splitter, metric, promise, objective, limits, rows, threads,
        include, exclude, others, output, budget);
  }

  /** The same with another place for the bundle. */
  public Workload withOutput(Path changed) {
    return new Workload(
        file, model, pipeline, data, splitter, metric, promise, objective, limits, rows, threads,
        include, exclude, peers, changed, budget);
  }

  /**
   * The quality asked for.
   *
   * @param maxDrop largest drop allowed, in the metric's unit
   * @param confidence of the promise
   * @param floor least score allowed, whatever the original's
   */
  public record Asked(double maxDrop, double confidence, OptionalDouble floor) {}

  /**
   * Limits on what may be delivered.
   *
   * @param peakBytes resident memory that the model may add to a process
   * @param fileBytes of the model's file
   * @param p99 of a call at the first row
   * @param targetOrt the release of ONNX Runtime that must load it
   */
  public record Limits(
      OptionalLong peakBytes,
      OptionalLong fileBytes,
      @Nullable Duration p99,
      @Nullable TargetRuntime targetOrt) {
    /** No limits. */
    public static final Limits NONE =
        new Limits(OptionalLong.empty(), OptionalLong.empty(), null, null);
  }

  /**
   * A metric by its name.
   *
   * @param jar that holds the metric's class; null: it ships with Hasten or is on the class path
   */
  public record MetricName(String name, @Nullable Path jar) {
    /**
     * @throws dev.hasten.runtime.BadInputException if there is none of that name
     */
    public Metric load() {
      return jar == null ? Metrics.byName(name) : Metrics.ofJar(jar, name);
    }
  }

  /** Another version of the model: measured in the same run, never delivered. */
  public record Peer(String name, Path model) {}
}
