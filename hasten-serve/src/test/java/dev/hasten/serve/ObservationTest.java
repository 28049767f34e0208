package dev.hasten.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.server.Server;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.EnvironmentException;
import dev.hasten.serve.observe.Observation;
import dev.hasten.serve.wire.GRPCInferenceServiceGrpc;
import dev.hasten.serve.wire.ModelInferRequest;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Span;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The access log as it stands in its file, and spans as a collector of OpenTelemetry gets them. */
class ObservationTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String CALLER = "00f067aa0ba902b7";
  private static final String TRACEPARENT = "00-" + TRACE + "-" + CALLER + "-01";
  private static final String BODY =
      """
      {"id": "a7", "inputs": [{"name": "x", "shape": [2, 4], "datatype": "FP32",
        "data": [1, 2, 3, 4, 5, 6, 7, 8]}]}\
      """;

  @TempDir private Path temp;
  private Path models;

  @BeforeEach
  void models() {
    models = temp.resolve("models");
    TinyModels.add(models.resolve("adder/1"), 1);
  }

  private InferenceServer start(Protection protection, Observation observation) {
    return InferenceServer.start(
        ServerOptions.of(models).withAddress("127.0.0.1", 0), protection, observation);
  }

  private static int infer(HttpClient http, InferenceServer server, String... headers)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(
            URI.create("http://127.0.0.1:" + server.port() + "/v2/models/adder/infer?secret=1"));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return http.send(
            request.POST(HttpRequest.BodyPublishers.ofString(BODY)).build(),
            BodyHandlers.discarding())
        .statusCode();
  }

  private static void inferByGrpc(InferenceServer server, String token) {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
    try {
      Metadata headers = new Metadata();
      headers.put(Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER), TRACEPARENT);
      headers.put(
          Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
      ModelInferRequest request =
          ModelInferRequest.newBuilder()
              .setModelName("adder")
              .addInputs(
                  ModelInferRequest.InferInputTensor.newBuilder()
                      .setName("x")
                      .setDatatype("FP32")
                      .addShape(3)
                      .addShape(4))
              .addRawInputContents(ByteString.copyFrom(new byte[48]))
              .build();
      assertThat(
              GRPCInferenceServiceGrpc.newBlockingStub(channel)
                  .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
                  .modelInfer(request)
                  .getModelName())
          .isEqualTo("adder");
    } finally {
      channel.shutdownNow();
    }
  }

  private Protection tokens() throws Exception {
    byte[] digest =
        MessageDigest.getInstance("SHA-256").digest("hush".getBytes(StandardCharsets.UTF_8));
    return Protection.limitsOnly()
        .withTokens(
            Files.writeString(
                temp.resolve("tokens"), "shop " + HexFormat.of().formatHex(digest) + " infer\n"));
  }

  @Test
  void theAccessLogHasALineForEachRequestAndNoSecrets() throws Exception {
    Path log = temp.resolve("logs/access.log");
    try (HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        InferenceServer server =
            start(tokens(), Observation.none().withAccessLog(log.toString()))) {
      assertThat(infer(http, server, "Authorization", "Bearer hush", "traceparent", TRACEPARENT))
          .isEqualTo(200);
      assertThat(infer(http, server, "Authorization", "Bearer wrong")).isEqualTo(401);
      inferByGrpc(server, "hush");
    }
    String text = Files.readString(log);
    assertThat(text).doesNotContain("hush").doesNotContain("wrong").doesNotContain("secret");
    List<JsonNode> lines = new ArrayList<>();
    for (String line : text.lines().toList()) {
      lines.add(JSON.readTree(line));
    }
    assertThat(lines).hasSize(3);
    JsonNode first = lines.getFirst();
    assertThat(first.get("path").asText()).isEqualTo("/v2/models/adder/infer");
    assertThat(first.get("protocol").asText()).isEqualTo("h1c");
    assertThat(first.get("method").asText()).isEqualTo("POST");
    assertThat(first.get("client").asText()).isEqualTo("127.0.0.1");
    assertThat(first.get("status").asInt()).isEqualTo(200);
    assertThat(first.get("model").asText()).isEqualTo("adder");
    assertThat(first.get("version").asText()).isEqualTo("1");
    assertThat(first.get("batch_size").asInt()).isEqualTo(2);
    assertThat(first.get("request_id").asText()).isEqualTo("a7");
    assertThat(first.get("trace_id").asText()).isEqualTo(TRACE);
    assertThat(first.get("token").asText()).isEqualTo("shop");
    assertThat(first.get("bytes_in").asInt()).isEqualTo(BODY.length());
    assertThat(first.get("bytes_out").asInt()).isPositive();
    assertThat(first.get("compute_ms").asDouble()).isPositive();
    assertThat(first.get("duration_ms").asDouble())
        .isGreaterThanOrEqualTo(first.get("compute_ms").asDouble());
    assertThat(lines.get(1).get("status").asInt()).isEqualTo(401);
    assertThat(lines.get(1).has("token")).isFalse();
    JsonNode grpc = lines.get(2);
    assertThat(grpc.get("path").asText()).endsWith("/ModelInfer");
    assertThat(grpc.get("grpc_status").asText()).isEqualTo("0");
    assertThat(grpc.get("batch_size").asInt()).isEqualTo(3);
    assertThat(grpc.get("protocol").asText()).isEqualTo("h2c");
  }

  @Test
  void aLogThatCannotBeWrittenAndAnEndpointThatIsNoneAreRefused() throws Exception {
    Path file = Files.writeString(temp.resolve("file"), "");
    assertThatThrownBy(() ->
            start(
                Protection.limitsOnly(),
                Observation.none().withAccessLog(file.resolve("log").toString())))
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("--access-log");
    assertThatThrownBy(
            () -> start(Protection.limitsOnly(), Observation.none().withAccessLog("100%.log")))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("100%.log");
    assertThatThrownBy(() -> Observation.none().withOtlp("collector:4317"))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("http://collector:4318");
  }

  @Test
  void spansReachACollectorUnderTheCallersAndInOrder() throws Exception {
    List<Span> spans = new CopyOnWriteArrayList<>();
    try (Server collector = collector(spans)) {
      collector.start().join();
      String endpoint = "http://127.0.0.1:" + collector.activeLocalPort();
      try (HttpClient http = HttpClient.newHttpClient();
          InferenceServer server =
              start(Protection.limitsOnly(), Observation.none().withOtlp(endpoint))) {
        assertThat(infer(http, server, "traceparent", TRACEPARENT)).isEqualTo(200);
        inferByGrpc(server, "none");
        assertThat(
                http.send(
                        HttpRequest.newBuilder(
                                URI.create("http://127.0.0.1:" + server.port() + "/v2/health/live"))
                            .build(),
                        BodyHandlers.discarding())
                    .statusCode())
            .isEqualTo(200);
      }
    }
    List<Span> roots =
        spans.stream().filter(span -> span.getKind() == Span.SpanKind.SPAN_KIND_SERVER).toList();
    assertThat(roots)
        .extracting(Span::getName)
        .containsExactlyInAnyOrder(
            "POST /v2/models/{model}/infer", "inference.GRPCInferenceService/ModelInfer");
    for (Span root : roots) {
      assertThat(hex(root.getTraceId())).isEqualTo(TRACE);
      assertThat(hex(root.getParentSpanId())).isEqualTo(CALLER);
      boolean grpc = root.getName().startsWith("inference");
      assertThat(attributes(root))
          .containsEntry("hasten.model.name", "adder")
          .containsEntry("hasten.model.version", "1")
          .containsEntry("hasten.batch_size", grpc ? "3" : "2");
      List<Span> parts =
          spans.stream()
              .filter(span -> span.getParentSpanId().equals(root.getSpanId()))
              .sorted(Comparator.comparing(Span::getStartTimeUnixNano))
              .toList();
      assertThat(parts)
          .extracting(Span::getName)
          .containsExactlyInAnyOrder("preprocessing", "queue", "compute", "postprocessing");
      long at = root.getStartTimeUnixNano();
      for (String name : new String[] {"preprocessing", "queue", "compute", "postprocessing"}) {
        Span part = parts.stream().filter(p -> p.getName().equals(name)).findFirst().orElseThrow();
        assertThat(part.getStartTimeUnixNano()).as(name).isGreaterThanOrEqualTo(at);
        at = part.getEndTimeUnixNano();
      }
      assertThat(root.getEndTimeUnixNano()).isGreaterThanOrEqualTo(at);
    }
  }

  private static Map<String, String> attributes(Span span) {
    return span.getAttributesList().stream()
        .collect(
            Collectors.toMap(
                KeyValue::getKey,
                pair ->
                    pair.getValue().hasStringValue()
                        ? pair.getValue().getStringValue()
                        : Long.toString(pair.getValue().getIntValue())));
  }

  private static String hex(ByteString id) {
    return HexFormat.of().formatHex(id.toByteArray());
  }

  /** What OTLP over HTTP asks of a receiver. */
  private static Server collector(List<Span> spans) {
    return Server.builder()
        .http(0)
        .service(
            "/v1/traces",
            (ctx, req) ->
                HttpResponse.of(
                    req.aggregate()
                        .thenApply(body -> {
                          try {
                            ExportTraceServiceRequest.parseFrom(unzipped(body.content().array()))
                                .getResourceSpansList()
                                .forEach(resource ->
                                    resource
                                        .getScopeSpansList()
                                        .forEach(scope -> spans.addAll(scope.getSpansList())));
                          } catch (java.io.IOException e) {
                            throw new java.io.UncheckedIOException(e);
                          }
                          return HttpResponse.of(HttpStatus.OK);
                        })))
        .build();
  }

  private static byte[] unzipped(byte[] body) throws java.io.IOException {
    if (body.length > 1 && body[0] == 0x1f && body[1] == (byte) 0x8b) {
      try (var in = new java.util.zip.GZIPInputStream(new java.io.ByteArrayInputStream(body))) {
        return in.readAllBytes();
      }
    }
    return body;
  }
}
