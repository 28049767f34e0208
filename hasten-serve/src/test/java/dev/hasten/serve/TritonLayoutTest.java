package dev.hasten.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.hasten.runtime.BatchPolicy;
import dev.hasten.runtime.Batching;
import dev.hasten.runtime.Bundle;
import dev.hasten.runtime.BundleManifest;
import dev.hasten.runtime.Cores;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.runtime.Tuning;
import dev.hasten.serve.repository.FolderRepository;
import dev.hasten.serve.repository.ModelRepository;
import dev.hasten.serve.repository.ModelRepository.State;
import dev.hasten.serve.repository.RepositoryOptions;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Repositories as Triton has them: {@code config.pbtxt} beside the versions. */
class TritonLayoutTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path models;

  /** A configuration as the guides show it. */
  private static final String USUAL =
      """
      name: "adder"
      platform: "onnxruntime_onnx"
      max_batch_size: 8
      input [ { name: "x", data_type: TYPE_FP32, dims: [ 4 ] } ]
      output [
        {
          name: "y"   # the sum
          data_type: TYPE_FP32
          dims: [ 4 ]
        }
      ]
      instance_group [ { count: 2, kind: KIND_GPU, gpus: [ 0 ] } ]
      dynamic_batching {
        preferred_batch_size: [ 2, 4 ]
        max_queue_delay_microseconds: 100
        default_queue_policy { default_timeout_microseconds: 50000 max_queue_size: 17 }
      }
      parameters { key: "intra_op_thread_count" value: { string_value: "1" } }
      parameters: { key: "execution_mode", value: { string_value: "0" } }
      optimization {
        graph: { level: 1 }
        execution_accelerators { gpu_execution_accelerator: [ { name: "tensorrt" } ] }
      }
      """;

  private void config(String model, String text) throws IOException {
    Files.writeString(Files.createDirectories(models.resolve(model)).resolve("config.pbtxt"), text);
  }

  private FolderRepository open() {
    FolderRepository repository =
        FolderRepository.of(models, RepositoryOptions.defaults().withoutPoll());
    repository.loadAll();
    return repository;
  }

  @Test
  void settingsReachTheBatcher() throws Exception {
    TinyModels.add(models.resolve("adder/1"), 1);
    config("adder", USUAL);
    try (FolderRepository repository = open();
        ModelRepository.Lease lease = repository.lease("adder", "")) {
      Tuning tuning = lease.model().batcher().tuning();
      Batching batching = tuning.batching().orElseThrow();
      assertThat(tuning.maxBatch()).isEqualTo(8);
      assertThat(tuning.intraOpThreads()).isEqualTo(1);
      assertThat(batching.instances()).isEqualTo(Math.min(2, Cores.available()));
      assertThat(batching.deadline()).contains(Duration.ofMillis(50));
      assertThat(batching.policy()).isEqualTo(new BatchPolicy.Adaptive());
      assertThat(lease.model().warnings())
          .anySatisfy(note -> assertThat(note).contains("KIND_GPU"))
          .anySatisfy(note -> assertThat(note).contains("preferred_batch_size"))
          .anySatisfy(note -> assertThat(note).contains("execution_accelerators"))
          .anySatisfy(note -> assertThat(note).contains("execution_mode"));
      assertThat(lease.model().config().getMaxBatchSize()).isEqualTo(8);
      assertThat(lease.model().config().getDynamicBatching().getPreferredBatchSizeList())
          .containsExactly(2, 4);
    }
  }

  @Test
  void tritonsOwnWayOfBatchingOnRequest() throws Exception {
    TinyModels.add(models.resolve("adder/1"), 1);
    config(
        "adder",
        USUAL + "parameters { key: \"hasten_batching\" value: { string_value: \"fixed\" } }");
    try (FolderRepository repository = open();
        ModelRepository.Lease lease = repository.lease("adder", "")) {
      assertThat(lease.model().batcher().tuning().batching().orElseThrow().policy())
          .isEqualTo(new BatchPolicy.Fixed(4, Duration.ofNanos(100_000)));
    }
  }

  @Test
  void aShortConfigurationIsCompletedFromTheModel() throws Exception {
    TinyModels.add(models.resolve("adder/1"), 1);
    TinyModels.add(models.resolve("adder/2"), 2);
    TinyModels.add(models.resolve("adder/3"), 3);
    config("adder", "version_policy: { specific { versions: [1, 3] } }");
    TinyModels.add(models.resolve("bundle/7"), 7);
    TinyModels.add(models.resolve("bundle/8"), 8);
    config("bundle", "version_policy { all {} }");
    try (FolderRepository repository = open();
        ModelRepository.Lease lease = repository.lease("adder", "")) {
      assertThat(repository.index().stream().map(e -> e.model() + " " + e.version()))
          .containsExactly("adder 1", "adder 3", "bundle 7", "bundle 8");
      assertThat(lease.model().config().getInput(0).getDimsList()).containsExactly(4L);
      assertThat(lease.model().config().getMaxBatchSize()).isEqualTo(32);
      assertThat(lease.model().config().getBackend()).isEqualTo("onnxruntime");
    }
  }

  @Test
  void bundlesTakeItToo() throws Exception {
    Path model = TinyModels.add(models.resolve(".files"), 5);
    for (String version : List.of("1", "2", "3")) {
      Bundle.write(
          Files.createDirectories(models.resolve("b")).resolve(version),
          BundleManifest.of("b", new PipelineSpec.Tensors(true))
              .withTuning(Tuning.defaults().withMaxBatch(3)),
          Map.of(Bundle.MODEL, model));
    }
    config(
        "b",
        """
        version_policy { latest { num_versions: 2 } }
        dynamic_batching { default_queue_policy { default_timeout_microseconds: 7000 } }
        """);
    try (FolderRepository repository = open();
        ModelRepository.Lease lease = repository.lease("b", "")) {
      assertThat(repository.index()).extracting("version").containsExactly("2", "3");
      Tuning tuning = lease.model().batcher().tuning();
      assertThat(tuning.maxBatch()).isEqualTo(3);
      assertThat(tuning.batching().orElseThrow().deadline()).contains(Duration.ofMillis(7));
    }
  }

  @Test
  void reshapesLabelsAndAFilenameAsInTheFirstExampleOfTheGuide() throws Exception {
    Path version = models.resolve("image/1");
    Files.move(TinyModels.fixed(version, 1), version.resolve("densenet.onnx"));
    Files.writeString(models.resolve("image/labels.txt"), "cat\ndog\nship\n");
    config(
        "image",
        """
        name: "image"
        platform: "onnxruntime_onnx"
        max_batch_size : 0
        default_model_filename: "densenet.onnx"
        input [
          { name: "x" data_type: TYPE_FP32 format: FORMAT_NCHW dims: [ 3, 2, 2 ]
            reshape { shape: [ 1, 3, 2, 2 ] } }
        ]
        output [
          { name: "y" data_type: TYPE_FP32 dims: [ 12 ] reshape { shape: [ 1, 3, 2, 2 ] }
            label_filename: "labels.txt" }
        ]
        """);
    try (InferenceServer server =
            InferenceServer.start(ServerOptions.of(models).withAddress("127.0.0.1", 0));
        HttpClient http = HttpClient.newHttpClient()) {
      JsonNode metadata =
          JSON.readTree(
              http.send(
                      HttpRequest.newBuilder(
                              URI.create("http://127.0.0.1:" + server.port() + "/v2/models/image"))
                          .build(),
                      HttpResponse.BodyHandlers.ofString())
                  .body());
      assertThat(metadata.get("inputs").get(0).get("shape").toString()).isEqualTo("[3,2,2]");
      assertThat(metadata.get("outputs")).hasSize(1);
      JsonNode plain = infer(http, server, "");
      assertThat(plain.get("outputs")).hasSize(1);
      assertThat(plain.get("outputs").get(0).get("shape").toString()).isEqualTo("[12]");
      assertThat(plain.get("outputs").get(0).get("data").get(2).asDouble()).isEqualTo(21.0);
      JsonNode classes =
          infer(
              http,
              server,
              ", \"outputs\": [{\"name\": \"y\", \"parameters\": {\"classification\": 2}}]");
      assertThat(classes.get("outputs").get(0).get("data").toString())
          .isEqualTo("[\"21.000000:2:ship\",\"6.000000:11\"]");
    }
  }

  private static JsonNode infer(HttpClient http, InferenceServer server, String more)
      throws Exception {
    String body =
        """
        {"inputs": [{"name": "x", "shape": [3, 2, 2], "datatype": "FP32",
          "data": [1, 1, 20, 1, 1, 1, 1, 1, 1, 1, 1, 5]}]%s}\
        """
            .formatted(more);
    HttpResponse<String> response =
        http.send(
            HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:" + server.port() + "/v2/models/image/infer"))
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return JSON.readTree(response.body());
  }

  @Test
  void warmsUpWithTheRequestsGiven() throws Exception {
    TinyModels.add(models.resolve("adder/1"), 1);
    ByteBuffer four = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    four.putFloat(1).putFloat(2).putFloat(3).putFloat(4);
    Path folder = Files.createDirectories(models.resolve("adder/warmup"));
    Files.write(folder.resolve("four"), four.array());
    String warmup =
        USUAL
            + """
            model_warmup [
              { name: "zeros" batch_size: 3 inputs { key: "x" value: { data_type: TYPE_FP32 dims: 4 zero_data: true } } },
              { name: "file" batch_size: 2 count: 2 inputs { key: "x" value: { data_type: TYPE_FP32 dims: [ 4 ] input_data_file: "four" } } }
            ]
            """;
    config("adder", warmup);
    try (FolderRepository repository = open()) {
      assertThat(repository.ready()).isTrue();
    }
    // Three numbers where the model takes four: it was really run.
    config("adder", warmup.replace("dims: 4 zero", "dims: 3 zero"));
    try (FolderRepository repository = open()) {
      assertThat(repository.index().getFirst().reason()).contains("warm-up failed");
    }
  }

  @Test
  void weightsBesideAModelInAFolderOfItsName() throws Exception {
    TinyModels.add(models.resolve("adder/1/model.onnx"), 4);
    try (FolderRepository repository = open()) {
      assertThat(repository.ready()).isTrue();
    }
  }

  @Test
  void mistakesAreSaidWithTheirPlace() throws Exception {
    record Case(String text, String... said) {}
    String input = "input [ { name: \"x\", data_type: TYPE_FP32, dims: [ 4 ] } ]\n";
    for (Case c :
        List.of(
            new Case("max_batch_size: 8\nmax_bach_size: 9\n", "config.pbtxt:2:1", "max_bach_size"),
            new Case("max_batch_size: many\n", "config.pbtxt:1:17", "many"),
            new Case("name: \"other\"\n", "name: 'other' (expected: 'adder'"),
            new Case("platform: \"tensorflow_graphdef\"\n", "platform: 'tensorflow_graphdef'"),
            new Case("backend: \"python\"\n", "backend: 'python'"),
            new Case("max_batch_size: -1\n", "max_batch_size: -1"),
            new Case("default_model_filename: \"../../x\"\n", "default_model_filename: '../../x'"),
            new Case("default_model_filename: \"other.onnx\"\n", "a folder with a other.onnx"),
            new Case("ensemble_scheduling { step [ { model_name: \"a\" } ] }\n", "ensembles"),
            new Case("sequence_batching { direct {} }\n", "sequences"),
            new Case("model_transaction_policy { decoupled: true }\n", "decoupled"),
            new Case(
                "max_batch_size: 8\n" + input.replace("\"x\"", "\"q\""),
                "input 'q'",
                "it has: [x]"),
            new Case(
                "max_batch_size: 8\n" + input.replace("FP32", "INT64"),
                "TYPE_INT64 (the model has TYPE_FP32)"),
            new Case(
                "max_batch_size: 8\n" + input.replace("4", "5"),
                "dims [5] (the model has [4] behind the batch axis)"),
            new Case(input, "dims [4] (the model has [-1, 4])"),
            new Case(
                "max_batch_size: 8\noutput [ { name: \"q\", data_type: TYPE_FP32, dims: [ 4 ] } ]\n",
                "output 'q'"),
            new Case(
                "max_batch_size: 8\noutput [ { name: \"y\", data_type: TYPE_FP32, dims: [ 4 ],"
                    + " label_filename: \"no.txt\" } ]\n",
                "no.txt: no such file"),
            new Case(
                "max_batch_size: 8\ninput [ { name: \"x\", data_type: TYPE_FP32, dims: [ 5 ],"
                    + " reshape { shape: [ 4 ] } } ]\n",
                "dims [5], reshape [4]"),
            new Case("instance_group [ { count: -2 } ]\n", "instance_group: count: -2"),
            new Case(
                "parameters { key: \"intra_op_thread_count\" value: { string_value: \"two\" } }\n",
                "intra_op_thread_count: 'two'"),
            new Case(
                "parameters { key: \"hasten_batching\" value: { string_value: \"big\" } }\n",
                "hasten_batching: 'big'"),
            new Case("version_policy { specific {} }\n", "specific: no versions"),
            new Case(
                "model_warmup [ { name: \"w\" batch_size: 1 } ]\n",
                "model_warmup 'w': input 'x' is missing"),
            new Case(
                "model_warmup [ { name: \"w\" batch_size: 1 inputs { key: \"x\" value: { data_type:"
                    + " TYPE_FP32 dims: 4 input_data_file: \"../1/model.onnx\" } } } ]\n",
                "model_warmup 'w': input_data_file"))) {
      TinyModels.add(models.resolve("adder/1"), 1);
      config("adder", c.text());
      try (FolderRepository repository = open()) {
        assertThat(repository.index())
            .singleElement()
            .satisfies(entry -> {
              assertThat(entry.state()).as(c.text()).isEqualTo(State.UNAVAILABLE);
              assertThat(entry.reason()).contains(c.said());
            });
      }
    }
  }

  @Test
  void aModelWithoutABatchAxisIsNoBatch() throws Exception {
    TinyModels.fixed(models.resolve("image/1"), 1);
    config("image", "max_batch_size: 4\n");
    try (FolderRepository repository = open()) {
      assertThat(repository.index().getFirst().reason())
          .contains("max_batch_size: 4", "no first axis that may vary");
    }
  }
}
