package dev.hasten.serve.repository;

import dev.hasten.runtime.Batcher;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.runtime.Prediction;
import dev.hasten.runtime.RequestOptions;
import dev.hasten.runtime.TensorInfo;
import dev.hasten.serve.wire.ModelConfig;
import dev.hasten.serve.wire.ModelOutput;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/** One version of one model, open. Thread-safe. */
public final class ServedModel {
  private final String name;
  private final String version;
  private final Batcher batcher;
  private final Statistics statistics;
  private final ModelConfig config;
  private final Optional<Path> report;
  private final List<String> warnings;

  /** Those that the configuration names; a client gets no others. */
  private final Set<String> offered;

  private final Reshaping reshaping;
  private final Map<String, List<String>> labels;

  ServedModel(
      String name,
      String version,
      Batcher batcher,
      Statistics statistics,
      ModelConfig config,
      Optional<Path> report,
      List<String> warnings,
      Reshaping reshaping,
      Map<String, List<String>> labels) {
    this.name = name;
    this.version = version;
    this.batcher = batcher;
    this.statistics = statistics;
    this.config = config;
    this.report = report;
    this.warnings = List.copyOf(warnings);
    this.reshaping = reshaping;
    this.labels = Map.copyOf(labels);
    this.offered =
        config.getOutputList().stream()
            .map(ModelOutput::getName)
            .collect(Collectors.toUnmodifiableSet());
  }

  public String name() {
    return name;
  }

  public String version() {
    return version;
  }

  public List<TensorInfo> inputs() {
    return batcher.inputs().stream().map(reshaping::shown).toList();
  }

  public List<TensorInfo> outputs() {
    return batcher.outputs().stream()
        .filter(output -> offered.contains(output.name()))
        .map(reshaping::shown)
        .toList();
  }

  /** What a client of Triton expects to be told of it. */
  public ModelConfig config() {
    return config;
  }

  public Statistics statistics() {
    return statistics;
  }

  /** How its examples become tensors. */
  public PipelineSpec pipeline() {
    return batcher.pipeline();
  }

  /** Names of classes, by output, where there are any. */
  public Map<String, List<String>> labels() {
    return labels;
  }

  /** The study's report, if it came with one. */
  public Optional<Path> report() {
    return report;
  }

  /** What may make it slower here than its bundle promises; what was not taken of its settings. */
  public List<String> warnings() {
    return warnings;
  }

  /** The settings it runs with and what waits; for metrics and the console. */
  public Batcher batcher() {
    return batcher;
  }

  /** Runs the model on raw tensors; see {@link Batcher#submitTensors}. */
  public CompletableFuture<Prediction> infer(Map<String, NdArray> inputs, RequestOptions options) {
    CompletableFuture<Prediction> answer = batcher.submitTensors(reshaping.in(inputs), options);
    return Cancelling.both(
        answer.thenApply(prediction -> new Prediction(offered(prediction), prediction.timing())),
        answer);
  }

  private Map<String, NdArray> offered(Prediction prediction) {
    Map<String, NdArray> all = prediction.outputs();
    if (!offered.containsAll(all.keySet())) {
      all = new LinkedHashMap<>(all);
      all.keySet().retainAll(offered);
    }
    return reshaping.out(all);
  }

  /** Answers an example through the bundle's own pipeline. */
  public CompletableFuture<Prediction> predict(Example example, RequestOptions options) {
    return batcher.submit(example, options);
  }
}
