package dev.hasten.bench;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Model;
import dev.hasten.graph.Shape;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import dev.hasten.runtime.Bundle;
import dev.hasten.runtime.BundleManifest;
import dev.hasten.runtime.Fit;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.runtime.TableColumn;
import dev.hasten.serve.InferenceServer;
import dev.hasten.serve.Protection;
import dev.hasten.serve.ServerOptions;
import dev.hasten.serve.jobs.JobsOptions;
import dev.hasten.serve.repository.RepositoryOptions;
import dev.hasten.serve.repository.VersionPolicy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The server that {@link FuzzServer} attacks: a small model of every datatype and of every kind of
 * pipeline, jobs, and models that may be loaded and unloaded. Bodies are at most 4 MiB.
 */
public final class FuzzedServer {
  /** Largest body, after decompression. */
  static final long MAX_REQUEST_BYTES = 4 << 20;

  static final int TABLE_COLUMNS = 3;

  private FuzzedServer() {}

  /**
   * Serves from a new folder until its standard input ends; prints {@code port N}.
   *
   * @param args the folder
   */
  public static void main(String[] args) throws IOException {
    try (InferenceServer server = start(Path.of(args[0]))) {
      System.out.println("port " + server.port());
      while (System.in.read() >= 0) {
        // Nothing is said to it.
      }
    }
  }

  /** Makes the models in a new folder and serves them on any port that is free. */
  static InferenceServer start(Path folder) throws IOException {
    Path models = Files.createDirectories(folder.resolve("models"));
    models(models);
    ServerOptions options =
        ServerOptions.of(models)
            .withAddress("127.0.0.1", 0)
            .withMaxRequestBytes(MAX_REQUEST_BYTES)
            .withTimeouts(Duration.ofSeconds(10), Duration.ofSeconds(5))
            .withAdmin(true)
            .withJobs(
                JobsOptions.of(folder.resolve("jobs").toString()).withTtl(Duration.ofSeconds(20)))
            .withRepository(RepositoryOptions.defaults().withVersions(new VersionPolicy.All()));
    return InferenceServer.start(options, Protection.limitsOnly());
  }

  private static void models(Path models) throws IOException {
    add(models.resolve("adder/1"), 1);
    add(models.resolve("adder/2"), 10);
    add(models.resolve("spare/1"), 1);
    for (Map.Entry<String, DataType> type : types().entrySet()) {
      identity(models.resolve(type.getKey() + "/1"), type.getValue());
    }
    Path files = Files.createDirectories(models.resolve(".files"));
    Path tokens = Files.write(files.resolve("tokens"), PredictorBenchmark.resource("tokens.onnx"));
    Path tokenizer =
        Files.write(files.resolve("tokenizer"), PredictorBenchmark.resource("tokenizer.json"));
    Bundle.write(
        models.resolve("text"),
        BundleManifest.of("text", PipelineSpec.Text.of(Bundle.TOKENIZER)),
        Map.of(Bundle.MODEL, tokens, Bundle.TOKENIZER, tokenizer));
    bundle(
        models,
        "image",
        PipelineSpec.Image.of(new Fit.Stretch(8, 8)).withMaxPixels(4_000_000),
        Shape.of("n", 3L, 8L, 8L));
    bundle(
        models,
        "audio",
        PipelineSpec.Audio.wave().withSeconds(0.05).withMaxSeconds(60),
        Shape.of("n", 800L));
    bundle(
        models,
        "table",
        PipelineSpec.Table.of(
            new TableColumn.Numeric(
                "age", Optional.empty(), Optional.of(30.0), false, Optional.empty()),
            new TableColumn.Numeric(
                "fare", Optional.empty(), Optional.of(10.0), false, Optional.empty()),
            new TableColumn.Numeric(
                "parch", Optional.empty(), Optional.empty(), true, Optional.empty())),
        Shape.of("n", (long) TABLE_COLUMNS));
  }

  /** Models that give back what they get, by name. */
  static Map<String, DataType> types() {
    Map<String, DataType> types = new LinkedHashMap<>();
    types.put("bool", DataType.BOOL);
    types.put("uint8", DataType.UINT8);
    types.put("int32", DataType.INT32);
    types.put("int64", DataType.INT64);
    types.put("fp16", DataType.FLOAT16);
    types.put("fp64", DataType.DOUBLE);
    types.put("bytes", DataType.STRING);
    return types;
  }

  private static void bundle(Path models, String name, PipelineSpec pipeline, Shape shape)
      throws IOException {
    Path file = models.resolve(".files").resolve(name);
    Model model = Model.create(17);
    Graph graph = model.graph();
    Value x = graph.addInput("x", DataType.FLOAT, shape);
    Value y = graph.op("y", "Identity", List.of(x), Map.of());
    graph.setType(y, DataType.FLOAT, shape);
    graph.addOutput(y);
    write(model, file);
    Bundle.write(
        models.resolve(name), BundleManifest.of(name, pipeline), Map.of(Bundle.MODEL, file));
  }

  private static void identity(Path folder, DataType type) {
    Model model = Model.create(17);
    Graph graph = model.graph();
    Value x = graph.addInput("x", type, Shape.of("n", "m"));
    Value y = graph.op("y", "Identity", List.of(x), Map.of());
    graph.setType(y, type, Shape.of("n", "m"));
    graph.addOutput(y);
    write(model, folder.resolve("model.onnx"));
  }

  private static void add(Path folder, float amount) {
    Model model = Model.create(17);
    Graph graph = model.graph();
    Value x = graph.addInput("x", DataType.FLOAT, Shape.of("n", 4L));
    Value a = graph.addInitializer("a", Tensor.floats(new float[] {amount}, 1));
    Value y = graph.op("y", "Add", List.of(x, a), Map.of());
    graph.setType(y, DataType.FLOAT, Shape.of("n", 4L));
    graph.addOutput(y);
    write(model, folder.resolve("model.onnx"));
  }

  private static void write(Model model, Path file) {
    model.validate();
    try {
      Files.createDirectories(file.getParent());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    model.write(file);
  }
}
