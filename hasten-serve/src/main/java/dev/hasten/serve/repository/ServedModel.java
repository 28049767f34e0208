package dev.hasten.serve.repository;

import dev.hasten.runtime.Batcher;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.runtime.Prediction;
import dev.hasten.runtime.RequestOptions;
import dev.hasten.runtime.TensorInfo;
import dev.hasten.serve.wire.ModelConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** One version of one model, open. Thread-safe. */
public final class ServedModel {
  private final String name;
  private final String version;
  private final Batcher batcher;
  private final Statistics statistics;
  private final ModelConfig config;
  private final Optional<Path> report;
  private final List<String> warnings;

  ServedModel(
      String name,
      String version,
      Batcher batcher,
      Statistics statistics,
      ModelConfig config,
      Optional<Path> report,
      List<String> warnings) {
    this.name = name;
    this.version = version;
    this.batcher = batcher;
    this.statistics = statistics;
    this.config = config;
    this.report = report;
    this.warnings = List.copyOf(warnings);
  }

  public String name() {
    return name;
  }

  public String version() {
    return version;
  }

  public List<TensorInfo> inputs() {
    return batcher.inputs();
  }

  public List<TensorInfo> outputs() {
    return batcher.outputs();
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
  public CompletableFuture<Map<String, NdArray>> infer(
      Map<String, NdArray> inputs, RequestOptions options) {
    CompletableFuture<Prediction> answer = batcher.submitTensors(inputs, options);
    CompletableFuture<Map<String, NdArray>> outputs = answer.thenApply(Prediction::outputs);
    outputs.whenComplete((result, failure) -> {
      if (outputs.isCancelled()) {
        answer.cancel(true);
      }
    });
    return outputs;
  }

  /** Answers an example through the bundle's own pipeline. */
  public CompletableFuture<Prediction> predict(Example example, RequestOptions options) {
    return batcher.submit(example, options);
  }
}
