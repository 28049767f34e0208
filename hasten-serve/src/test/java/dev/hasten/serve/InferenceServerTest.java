package dev.hasten.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import dev.hasten.graph.DataType;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.RequestOptions;
import dev.hasten.serve.repository.ModelRepository;
import dev.hasten.serve.repository.RepositoryOptions;
import dev.hasten.serve.repository.VersionPolicy;
import dev.hasten.serve.wire.GRPCInferenceServiceGrpc;
import dev.hasten.serve.wire.ModelInferRequest;
import dev.hasten.serve.wire.ModelInferResponse;
import dev.hasten.serve.wire.ModelMetadataRequest;
import dev.hasten.serve.wire.ModelStreamInferResponse;
import dev.hasten.serve.wire.RepositoryModelLoadRequest;
import dev.hasten.serve.wire.ServerLiveRequest;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole server, through the JDK's HTTP client and the stock gRPC client. */
class InferenceServerTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private static Path folder;
  private static InferenceServer server;
  private static HttpClient http;
  private static ManagedChannel channel;
  private static GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub grpc;

  @BeforeAll
  static void start() {
    TinyModels.add(folder.resolve("adder/1"), 1);
    TinyModels.add(folder.resolve("adder/2"), 10);
    TinyModels.identity(folder.resolve("echo/1"), DataType.STRING);
    server =
        InferenceServer.start(
            ServerOptions.of(folder)
                .withAddress("127.0.0.1", 0)
                .withRepository(
                    RepositoryOptions.defaults().withVersions(new VersionPolicy.All())));
    http = HttpClient.newHttpClient();
    channel = NettyChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
    grpc = GRPCInferenceServiceGrpc.newBlockingStub(channel);
  }

  @AfterAll
  static void stop() {
    channel.shutdownNow();
    http.close();
    server.close();
  }

  private static HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path));
  }

  private static JsonNode get(String path) throws Exception {
    HttpResponse<String> response =
        http.send(request(path).build(), HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return JSON.readTree(response.body());
  }

  private static HttpResponse<String> post(String path, String body) throws Exception {
    return http.send(
        request(path).POST(HttpRequest.BodyPublishers.ofString(body)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static final String FOUR =
      """
      {"id": "a", "inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [1, 2, 3, 4]}]}\
      """;

  @Test
  void describesItselfAndItsModels() throws Exception {
    assertThat(get("/v2").get("extensions").toString()).contains("binary_tensor_data");
    JsonNode model = get("/v2/models/adder");
    assertThat(model.get("versions").toString()).isEqualTo("[\"1\",\"2\"]");
    assertThat(model.get("inputs").toString())
        .isEqualTo("[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[-1,4]}]");
    JsonNode config = get("/v2/models/adder/versions/1/config");
    assertThat(config.get("max_batch_size").asInt()).isPositive();
    assertThat(config.get("input").get(0).get("dims").toString()).isEqualTo("[4]");
    assertThat(grpc.serverLive(ServerLiveRequest.getDefaultInstance()).getLive()).isTrue();
    assertThat(
            grpc.modelMetadata(ModelMetadataRequest.newBuilder().setName("echo").build())
                .getInputs(0)
                .getDatatype())
        .isEqualTo("BYTES");
  }

  @Test
  void healthAndReadiness() throws Exception {
    for (String path : List.of("/v2/health/live", "/v2/health/ready", "/v2/models/adder/ready")) {
      assertThat(
              http.send(request(path).build(), HttpResponse.BodyHandlers.discarding()).statusCode())
          .isEqualTo(200);
    }
    assertThat(
            http.send(
                    request("/v2/models/nobody/ready").build(),
                    HttpResponse.BodyHandlers.discarding())
                .statusCode())
        .isEqualTo(404);
  }

  @Test
  void answersJsonWithTheNewestVersionOrTheOneAskedFor() throws Exception {
    HttpResponse<String> newest = post("/v2/models/adder/infer", FOUR);
    assertThat(JSON.readTree(newest.body()))
        .isEqualTo(
            JSON.readTree(
                """
                {"id": "a", "model_name": "adder", "model_version": "2", "outputs": [
                  {"name": "y", "datatype": "FP32", "shape": [1, 4], "data": [11.0, 12.0, 13.0, 14.0]}]}\
                """));
    HttpResponse<String> first = post("/v2/models/adder/versions/1/infer", FOUR);
    assertThat(JSON.readTree(first.body()).get("outputs").get(0).get("data").toString())
        .isEqualTo("[2.0,3.0,4.0,5.0]");
  }

  @Test
  void answersBinaryTensorsGzippedOrNot() throws Exception {
    String head =
        """
        {"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32",
          "parameters": {"binary_data_size": 16}}],
         "outputs": [{"name": "y", "parameters": {"binary_data": true}}]}\
        """;
    ByteBuffer body =
        ByteBuffer.allocate(head.length() + 16)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put(head.getBytes(StandardCharsets.UTF_8))
            .putFloat(1)
            .putFloat(2)
            .putFloat(3)
            .putFloat(4);
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(zipped)) {
      out.write(body.array());
    }
    for (boolean zip : new boolean[] {false, true}) {
      HttpRequest.Builder request =
          request("/v2/models/adder/infer")
              .header("Inference-Header-Content-Length", Integer.toString(head.length()))
              .POST(
                  HttpRequest.BodyPublishers.ofByteArray(
                      zip ? zipped.toByteArray() : body.array()));
      if (zip) {
        request.header("Content-Encoding", "gzip");
      }
      HttpResponse<byte[]> response =
          http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
      assertThat(response.statusCode()).isEqualTo(200);
      int json =
          (int)
              response.headers().firstValueAsLong("Inference-Header-Content-Length").orElseThrow();
      ByteBuffer floats =
          ByteBuffer.wrap(response.body(), json, 16).slice().order(ByteOrder.LITTLE_ENDIAN);
      assertThat(floats.getFloat(0)).isEqualTo(11f);
      assertThat(floats.getFloat(12)).isEqualTo(14f);
      assertThat(response.body()).hasSize(json + 16);
    }
  }

  @Test
  void errorsSayWhatIsWrong() throws Exception {
    record Case(String path, String body, int status, String message) {}
    String shape =
        """
        {"inputs": [{"name": "x", "shape": [1, 3], "datatype": "FP32", "data": [1, 2, 3]}]}\
        """;
    for (Case c :
        List.of(
            new Case("/v2/models/nobody/infer", FOUR, 404, "no model 'nobody'"),
            new Case("/v2/models/adder/versions/9/infer", FOUR, 404, "no version '9'"),
            new Case("/v2/models/adder/infer", "{", 400, "not valid JSON"),
            new Case("/v2/models/adder/infer", shape, 400, "x"),
            new Case("/v2/models/adder/infer", FOUR.replace("\"x\"", "\"q\""), 400, "x"),
            new Case("/v2/models/adder/infer", FOUR.replace("FP32", "INT64"), 400, "x"),
            new Case("/v2/nothing", FOUR, 404, "Not Found"),
            new Case("/v2/repository/index", "{\"ready\": 1}", 400, "ready"),
            new Case("/v2/repository/index", "[]", 400, "not a JSON object"),
            new Case("/v2/repository/models/adder/load", "", 403, "--admin"))) {
      HttpResponse<String> response = post(c.path(), c.body());
      assertThat(response.statusCode()).as(c + response.body()).isEqualTo(c.status());
      assertThat(JSON.readTree(response.body()).get("error").asText()).contains(c.message());
    }
  }

  @Test
  void whoStillSendsGetsTheRefusalNotAReset() throws Exception {
    // Many frames of HTTP/2, more than its window: the refusal is known long before the last.
    String large = FOUR + " ".repeat(300_000);
    for (int i = 0; i < 50; i++) {
      assertThat(post("/v2/models/nobody/infer", large).statusCode()).isEqualTo(404);
      assertThat(post("/v2/nothing", large).statusCode()).isEqualTo(404);
    }
  }

  @Test
  void aBodyThatIsTooLargeIsRefused() throws Exception {
    ServerOptions small =
        ServerOptions.of(folder)
            .withAddress("127.0.0.1", 0)
            .withMaxRequestBytes(1000)
            .withTimeouts(java.time.Duration.ofSeconds(10), java.time.Duration.ZERO);
    try (InferenceServer other = InferenceServer.start(small)) {
      ByteArrayOutputStream bomb = new ByteArrayOutputStream();
      try (GZIPOutputStream out = new GZIPOutputStream(bomb)) {
        out.write(new byte[900_000]);
      }
      assertThat(bomb.size()).isLessThan(1000);
      HttpResponse<String> response =
          http.send(
              HttpRequest.newBuilder(
                      URI.create("http://127.0.0.1:" + other.port() + "/v2/models/adder/infer"))
                  .header("Content-Encoding", "gzip")
                  .POST(HttpRequest.BodyPublishers.ofByteArray(bomb.toByteArray()))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(response.statusCode()).as(response.body()).isEqualTo(413);
      assertThat(response.body()).contains("at most 1000 bytes");
    }
  }

  private static ModelInferRequest raw(String id, float... values) {
    ByteBuffer data = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      data.putFloat(value);
    }
    return ModelInferRequest.newBuilder()
        .setModelName("adder")
        .setId(id)
        .addInputs(
            ModelInferRequest.InferInputTensor.newBuilder()
                .setName("x")
                .setDatatype("FP32")
                .addShape(values.length / 4)
                .addShape(4))
        .addRawInputContents(ByteString.copyFrom(data.flip()))
        .build();
  }

  @Test
  void answersGrpcRawAndTyped() {
    ModelInferResponse response = grpc.modelInfer(raw("r", 1, 2, 3, 4));
    assertThat(response.getId()).isEqualTo("r");
    ByteBuffer floats =
        response.getRawOutputContents(0).asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    assertThat(floats.getFloat(4)).isEqualTo(12f);

    ModelInferRequest.Builder typed = raw("t", 1, 2, 3, 4).toBuilder().clearRawInputContents();
    typed.getInputsBuilder(0).getContentsBuilder().addAllFp32Contents(List.of(1f, 2f, 3f, 4f));
    assertThat(grpc.modelInfer(typed.build()).getRawOutputContents(0))
        .isEqualTo(response.getRawOutputContents(0));
  }

  @Test
  void grpcErrorsHaveTheirCode() {
    record Case(ModelInferRequest request, Status.Code code) {}
    for (Case c :
        List.of(
            new Case(
                raw("", 1, 2, 3, 4).toBuilder().setModelName("q").build(), Status.Code.NOT_FOUND),
            new Case(
                raw("", 1, 2, 3, 4).toBuilder().clearRawInputContents().build(),
                Status.Code.INVALID_ARGUMENT),
            new Case(
                raw("", 1, 2, 3, 4).toBuilder().addRawInputContents(ByteString.EMPTY).build(),
                Status.Code.INVALID_ARGUMENT))) {
      assertThatThrownBy(() -> grpc.modelInfer(c.request()))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              e -> assertThat(e.getStatus().getCode()).isEqualTo(c.code()));
    }
    assertThatThrownBy(() ->
            ClientCalls.blockingUnaryCall(
                channel,
                GRPCInferenceServiceGrpc.getServerLiveMethod().toBuilder()
                    .setFullMethodName("inference.GRPCInferenceService/Nothing")
                    .build(),
                CallOptions.DEFAULT,
                ServerLiveRequest.getDefaultInstance()))
        .hasMessageContaining("UNIMPLEMENTED: no such method");
    assertThatThrownBy(() ->
            grpc.repositoryModelLoad(
                RepositoryModelLoadRequest.newBuilder().setModelName("adder").build()))
        .hasMessageContaining("PERMISSION_DENIED");
  }

  @RepeatedTest(20)
  void aStreamAnswersEachRequestAndGoesOnAfterAnError() throws Exception {
    List<ModelStreamInferResponse> answers = new CopyOnWriteArrayList<>();
    CountDownLatch done = new CountDownLatch(1);
    StreamObserver<ModelInferRequest> stream =
        GRPCInferenceServiceGrpc.newStub(channel)
            .modelStreamInfer(
                new StreamObserver<>() {
                  @Override
                  public void onNext(ModelStreamInferResponse answer) {
                    answers.add(answer);
                  }

                  @Override
                  public void onError(Throwable t) {
                    done.countDown();
                  }

                  @Override
                  public void onCompleted() {
                    done.countDown();
                  }
                });
    stream.onNext(raw("1", 1, 2, 3, 4));
    stream.onNext(raw("2", 1, 2, 3, 4).toBuilder().setModelName("q").build());
    stream.onNext(raw("3", 1, 2, 3, 4));
    stream.onCompleted();
    assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(answers.stream().map(a -> a.getInferResponse().getId()))
        .containsExactlyInAnyOrder("1", "2", "3");
    assertThat(answers.stream().filter(a -> !a.getErrorMessage().isEmpty())).hasSize(1);
  }

  @Test
  void fieldsThatAreNullAreAbsentAndParametersArePlain() throws Exception {
    String nulls =
        """
        {"id": null, "parameters": null, "outputs": null, "inputs": [{"name": "x", "shape": [1, 4],
          "datatype": "FP32", "parameters": null, "data": [1, 2, 3, 4]}]}\
        """;
    assertThat(post("/v2/models/adder/infer", nulls).statusCode()).isEqualTo(200);
    HttpResponse<String> nested =
        post(
            "/v2/models/adder/infer",
            FOUR.replace("\"id\"", "\"parameters\": {\"a\": []}, \"id\""));
    assertThat(nested.statusCode()).isEqualTo(400);
    assertThat(nested.body()).contains("parameters: a: not a plain value");
  }

  @Test
  void textsGoThroughAsText() throws Exception {
    HttpResponse<String> response =
        post(
            "/v2/models/echo/infer",
            """
            {"inputs": [{"name": "x", "shape": [1, 2], "datatype": "BYTES", "data": ["ü", ""]}]}\
            """);
    assertThat(JSON.readTree(response.body()).get("outputs").get(0).get("data").toString())
        .isEqualTo("[\"ü\",\"\"]");
  }

  @Test
  void countsWhatItDid() throws Exception {
    post("/v2/models/adder/versions/1/infer", FOUR);
    JsonNode stats = get("/v2/models/adder/versions/1/stats").get("model_stats").get(0);
    assertThat(stats.get("inference_count").asLong()).isPositive();
    assertThat(stats.get("inference_stats").get("compute_infer").get("ns").asLong()).isPositive();
    assertThat(get("/v2/models/stats").get("model_stats").size()).isEqualTo(3);
    assertThat(post("/v2/repository/index", "{}").body()).startsWith("[{\"name\":\"adder\"");
  }

  @Test
  void largeTensorsComeBackWhole() throws Exception {
    int rows = 20_000;
    float[] values = new float[rows * 4];
    StringBuilder text = new StringBuilder();
    ModelInferRequest.Builder typed = raw("l", values).toBuilder().clearRawInputContents();
    for (int i = 0; i < values.length; i++) {
      typed.getInputsBuilder(0).getContentsBuilder().addFp32Contents(i);
      text.append(i == 0 ? "" : ",").append(i);
    }
    ByteBuffer floats =
        grpc.modelInfer(typed.build())
            .getRawOutputContents(0)
            .asReadOnlyByteBuffer()
            .order(ByteOrder.LITTLE_ENDIAN);
    JsonNode data =
        JSON.readTree(
                post(
                        "/v2/models/adder/infer",
                        FOUR.replace("1, 2, 3, 4", text).replace("[1, 4]", "[" + rows + ", 4]"))
                    .body())
            .get("outputs")
            .get(0)
            .get("data");
    assertThat(data).hasSize(values.length);
    for (int i = 0; i < values.length; i++) {
      assertThat(floats.getFloat()).isEqualTo(i + 10f);
      assertThat(data.get(i).floatValue()).isEqualTo(i + 10f);
    }
    typed.getInputsBuilder(0).setName("q");
    assertThatThrownBy(() -> grpc.modelInfer(typed.build()))
        .hasMessageContaining("INVALID_ARGUMENT");
  }

  @Test
  void sizesThatAreNoIntAreRefused() throws Exception {
    assertThat(
            post(
                    "/v2/models/adder/infer",
                    FOUR.replace("[1, 4]", "[4294967296, 0]").replace("1, 2, 3, 4", ""))
                .statusCode())
        .isEqualTo(400);
    ModelInferRequest.Builder request = raw("").toBuilder();
    request.getInputsBuilder(0).setShape(0, 1L << 32).setShape(1, 0);
    assertThatThrownBy(() -> grpc.modelInfer(request.build()))
        .hasMessageContaining("INVALID_ARGUMENT: input 'x': shape [4294967296, 0]");
    try (ModelRepository.Lease lease = server.repository().lease("adder", "")) {
      NdArray empty = NdArray.floats(new float[0], 1L << 32, 0);
      assertThat(lease.model().infer(Map.of("x", empty), RequestOptions.defaults()))
          .failsWithin(Duration.ofSeconds(10))
          .withThrowableOfType(ExecutionException.class)
          .withCauseInstanceOf(BadInputException.class);
    }
  }
}
