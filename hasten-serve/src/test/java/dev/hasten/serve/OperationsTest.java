package dev.hasten.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hasten.runtime.BadInputException;
import dev.hasten.serve.wire.GRPCInferenceServiceGrpc;
import dev.hasten.serve.wire.ModelInferRequest;
import dev.hasten.serve.wire.ModelMetadataRequest;
import dev.hasten.serve.wire.ModelStreamInferResponse;
import dev.hasten.serve.wire.RepositoryModelLoadRequest;
import dev.hasten.serve.wire.ServerLiveRequest;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Numbers, tokens, TLS, limits and the end of a server, through clients of others. */
class OperationsTest {
  private static final char[] PASSWORD = "changeit".toCharArray();
  private static final String BODY =
      """
      {"inputs": [{"name": "x", "shape": [2, 4], "datatype": "FP32",
        "data": [1, 2, 3, 4, 5, 6, 7, 8]}]}\
      """;

  @TempDir private Path temp;
  private Path models;

  @BeforeEach
  void models() {
    models = temp.resolve("models");
    TinyModels.add(models.resolve("adder/1"), 1);
  }

  private ServerOptions options() {
    return ServerOptions.of(models).withAddress("127.0.0.1", 0);
  }

  private static HttpRequest.Builder at(InferenceServer server, String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path));
  }

  private static HttpRequest.Builder infer(InferenceServer server) {
    return at(server, "/v2/models/adder/infer").POST(HttpRequest.BodyPublishers.ofString(BODY));
  }

  private static HttpResponse<String> send(HttpClient http, HttpRequest.Builder request)
      throws Exception {
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void metricsCountAndThoseOfAnUnloadedModelGoAway() throws Exception {
    try (HttpClient http = HttpClient.newHttpClient();
        InferenceServer server = InferenceServer.start(options().withAdmin(true))) {
      for (int i = 0; i < 3; i++) {
        assertThat(send(http, infer(server)).statusCode()).isEqualTo(200);
      }
      String text = send(http, at(server, "/metrics")).body();
      String labels = "{model=\"adder\",version=\"1\"}";
      assertThat(text)
          .contains("nv_inference_request_success" + labels + " 3.0")
          .contains("nv_inference_count" + labels + " 6.0")
          .contains("nv_inference_exec_count" + labels + " 3.0")
          .contains("nv_inference_request_failure" + labels + " 0.0")
          .contains("nv_inference_pending_request_count" + labels + " 0.0")
          .contains("hasten_requests_rejected_total" + labels + " 0.0")
          .contains("hasten_batch_size_bucket{model=\"adder\",version=\"1\",le=\"1.0\"} 0")
          .contains("hasten_batch_size_bucket{model=\"adder\",version=\"1\",le=\"2.0\"} 3")
          .contains("hasten_batch_size_sum" + labels + " 6.0")
          .contains("jvm_memory_used_bytes{");
      assertThat(text)
          .containsPattern("nv_inference_compute_infer_duration_us\\{[^}]*} [1-9]")
          .contains("nv_inference_queue_duration_us" + labels);
      send(
          http,
          at(server, "/v2/repository/models/adder/unload")
              .POST(HttpRequest.BodyPublishers.noBody()));
      assertThat(send(http, at(server, "/metrics")).body())
          .doesNotContain("adder")
          .contains("jvm_memory_used_bytes{");
    }
  }

  private Path tokens() throws Exception {
    StringBuilder lines = new StringBuilder("# who may do what\n\n");
    for (String who : List.of("infer", "jobs", "admin")) {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(("secret-" + who).getBytes(StandardCharsets.UTF_8));
      lines.append("%s %s %s%n".formatted(who, HexFormat.of().formatHex(digest), who));
    }
    return Files.writeString(temp.resolve("tokens"), lines);
  }

  @Test
  void tokensAreAskedForByScope() throws Exception {
    try (HttpClient http = HttpClient.newHttpClient();
        InferenceServer server =
            InferenceServer.start(
                options().withAdmin(true), Protection.limitsOnly().withTokens(tokens()))) {
      assertThat(send(http, at(server, "/v2/health/ready")).statusCode()).isEqualTo(200);
      HttpResponse<String> none = send(http, infer(server));
      assertThat(none.statusCode()).isEqualTo(401);
      assertThat(none.headers().firstValue("WWW-Authenticate")).hasValue("Bearer");
      assertThat(none.body()).startsWith("{\"error\":");
      record Case(String path, String token, int status) {}
      String load = "/v2/repository/models/adder/load";
      String disguised = "/v2/repository/./models/adder/%6coad";
      for (Case c :
          List.of(
              new Case("/v2/models/adder/infer", "secret-infer", 200),
              new Case("/v2/models/adder/infer", "secret-admin", 403),
              new Case("/v2/models/adder/infer", "secret", 401),
              new Case(load, "secret-admin", 200),
              new Case(load, "secret-infer", 403),
              new Case(load, "wrong", 401))) {
        HttpResponse<String> response =
            send(
                http,
                at(server, c.path())
                    .header("Authorization", "Bearer " + c.token())
                    .POST(HttpRequest.BodyPublishers.ofString(BODY)));
        assertThat(response.statusCode()).as(c + response.body()).isEqualTo(c.status());
      }
      assertThat(
              send(
                      http,
                      at(server, disguised)
                          .header("Authorization", "Bearer secret-infer")
                          .POST(HttpRequest.BodyPublishers.noBody()))
                  .statusCode())
          .isGreaterThanOrEqualTo(400);
      assertThat(send(http, at(server, "/metrics")).statusCode()).isEqualTo(401);
      grpcAsksToo(server);
    }
  }

  private static void grpcAsksToo(InferenceServer server) {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
    try {
      GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub stub =
          GRPCInferenceServiceGrpc.newBlockingStub(channel);
      ModelMetadataRequest adder = ModelMetadataRequest.newBuilder().setName("adder").build();
      assertThat(stub.serverLive(ServerLiveRequest.getDefaultInstance()).getLive()).isTrue();
      refused(Status.Code.UNAUTHENTICATED, "no token", () -> stub.modelMetadata(adder));
      refused(
          Status.Code.UNAUTHENTICATED, "not known", () -> as(stub, "wrong").modelMetadata(adder));
      refused(
          Status.Code.PERMISSION_DENIED,
          "'admin' lacks the scope 'infer'",
          () -> as(stub, "secret-admin").modelMetadata(adder));
      refused(
          Status.Code.PERMISSION_DENIED,
          "lacks the scope 'admin'",
          () ->
              as(stub, "secret-infer")
                  .repositoryModelLoad(
                      RepositoryModelLoadRequest.newBuilder().setModelName("adder").build()));
      assertThat(as(stub, "secret-infer").modelMetadata(adder).getName()).isEqualTo("adder");
    } finally {
      channel.shutdownNow();
    }
  }

  private static GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub as(
      GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub stub, String token) {
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("Authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
    return stub.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  /** By gRPC's own status: what is made of an HTTP status has no message of ours. */
  private static void refused(Status.Code code, String message, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> {
              assertThat(e.getStatus().getCode()).isEqualTo(code);
              assertThat(e.getStatus().getDescription()).contains(message);
            });
  }

  @Test
  void grpcCallsOfAServerThatStopsAreUnavailable() throws Exception {
    InferenceServer server = InferenceServer.start(options());
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
    Thread closing = new Thread(server::close);
    try {
      GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub stub =
          GRPCInferenceServiceGrpc.newBlockingStub(channel);
      ModelMetadataRequest adder = ModelMetadataRequest.newBuilder().setName("adder").build();
      assertThat(stub.modelMetadata(adder).getName()).isEqualTo("adder");
      // A request whose body is yet to come holds the server.
      Socket held = new Socket("127.0.0.1", server.port());
      held.getOutputStream()
          .write(
              "POST /v2/models/adder/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{"
                  .getBytes(StandardCharsets.US_ASCII));
      assertThat(stub.modelMetadata(adder).getName()).isEqualTo("adder");
      closing.start();
      Status seen = Status.OK;
      while (seen.isOk()) {
        try {
          assertThat(stub.modelMetadata(adder).getName()).isEqualTo("adder");
        } catch (StatusRuntimeException e) {
          seen = e.getStatus();
        }
      }
      assertThat(seen.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
      assertThat(seen.getDescription()).contains("the server is stopping");
      held.close();
      closing.join();
    } finally {
      channel.shutdownNow();
    }
  }

  @Test
  @Timeout(60)
  void aStreamWithoutARequestDoesNotHoldAServerThatStops() throws Exception {
    InferenceServer server =
        InferenceServer.start(options().withTimeouts(Duration.ofHours(1), Duration.ofHours(1)));
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
    CompletableFuture<String> answered = new CompletableFuture<>();
    CompletableFuture<Status> ended = new CompletableFuture<>();
    try {
      GRPCInferenceServiceGrpc.newStub(channel)
          .modelStreamInfer(
              new StreamObserver<>() {
                @Override
                public void onNext(ModelStreamInferResponse answer) {
                  answered.complete(answer.getErrorMessage());
                }

                @Override
                public void onError(Throwable failure) {
                  ended.complete(Status.fromThrowable(failure));
                }

                @Override
                public void onCompleted() {
                  ended.complete(Status.OK);
                }
              })
          .onNext(ModelInferRequest.newBuilder().setModelName("nobody").build());
      assertThat(answered.get()).contains("no model 'nobody'");
      server.close();
      assertThat(ended.get().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
      assertThat(ended.get().getDescription()).contains("the server is stopping");
    } finally {
      channel.shutdownNow();
    }
  }

  @Test
  void aWrongTokenFileIsRefusedWithItsLine() throws Exception {
    Path file = Files.writeString(temp.resolve("wrong"), "# a\nshop secret infer\n");
    assertThatThrownBy(
            () -> InferenceServer.start(options(), Protection.limitsOnly().withTokens(file)))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("wrong:2")
        .hasMessageContaining("SHA-256")
        .hasMessageNotContaining("shop secret");
  }

  private Path keys() throws Exception {
    Path store = temp.resolve("keys.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "a",
                "-keyalg",
                "EC",
                "-dname",
                "CN=localhost",
                "-ext",
                "SAN=ip:127.0.0.1,dns:localhost",
                "-ext",
                "bc=ca:true",
                "-storetype",
                "PKCS12",
                "-storepass",
                new String(PASSWORD),
                "-keystore",
                store.toString())
            .inheritIO()
            .start();
    assertThat(keytool.waitFor()).isZero();
    return store;
  }

  private Path pem(String name, String kind, byte[] der) throws IOException {
    String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    return Files.writeString(
        temp.resolve(name),
        "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(kind, text, kind));
  }

  @Test
  void tlsWithCertificatesOfBothSides() throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(keys())) {
      store.load(in, PASSWORD);
    }
    Path certificate = pem("c.pem", "CERTIFICATE", store.getCertificate("a").getEncoded());
    Path key = pem("k.pem", "PRIVATE KEY", store.getKey("a", PASSWORD).getEncoded());
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("a", store.getCertificate("a"));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    own.init(store, PASSWORD);
    SSLContext stranger = SSLContext.getInstance("TLS");
    stranger.init(null, trust.getTrustManagers(), null);
    SSLContext known = SSLContext.getInstance("TLS");
    known.init(own.getKeyManagers(), trust.getTrustManagers(), null);

    Protection oneSided =
        Protection.limitsOnly().withTls(new Protection.Tls(certificate, key, Optional.empty()));
    try (InferenceServer server = InferenceServer.start(options(), oneSided)) {
      assertThat(secure(stranger, server).statusCode()).isEqualTo(200);
    }
    Protection mutual =
        Protection.limitsOnly()
            .withTls(new Protection.Tls(certificate, key, Optional.of(certificate)));
    try (InferenceServer server = InferenceServer.start(options(), mutual)) {
      assertThat(secure(known, server).statusCode()).isEqualTo(200);
      assertThatThrownBy(() -> secure(stranger, server)).isInstanceOf(IOException.class);
    }
  }

  private static HttpResponse<String> secure(SSLContext context, InferenceServer server)
      throws Exception {
    try (HttpClient http = HttpClient.newBuilder().sslContext(context).build()) {
      return send(
          http,
          HttpRequest.newBuilder(
              URI.create("https://127.0.0.1:" + server.port() + "/v2/health/ready")));
    }
  }

  @Test
  void headersTooLargeAndNamesThatEscapeAreRefused() throws Exception {
    try (HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        InferenceServer server = InferenceServer.start(options().withAdmin(true))) {
      assertThat(send(http, infer(server).header("X-Long", "a".repeat(40_000))).statusCode())
          .isBetween(400, 499);
      for (String name : List.of("..", "..%2Fmodels%2Fadder", "%2e%2e", "%2Fetc")) {
        assertThat(
                send(
                        http,
                        at(server, "/v2/repository/models/" + name + "/load")
                            .POST(HttpRequest.BodyPublishers.noBody()))
                    .statusCode())
            .as(name)
            .isBetween(400, 499);
      }
      assertThat(send(http, infer(server)).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void aLinkOutOfTheRepositoryIsNotFollowed() throws Exception {
    Path outside = temp.resolve("outside");
    TinyModels.add(outside, 5);
    Files.createDirectories(models.resolve("linked"));
    Files.createSymbolicLink(models.resolve("linked/1"), outside);
    Files.createDirectories(models.resolve("file/1"));
    Files.createSymbolicLink(models.resolve("file/1/model.onnx"), outside.resolve("model.onnx"));
    try (InferenceServer server = InferenceServer.start(options())) {
      assertThat(server.repository().index().stream().filter(e -> !e.model().equals("adder")))
          .hasSize(2)
          .allSatisfy(entry -> assertThat(entry.reason()).contains("leads out of the repository"));
    }
  }

  @Test
  void requestsAtTheEndAreAnsweredOrRefusedCleanly() throws Exception {
    try (HttpClient http = HttpClient.newHttpClient()) {
      InferenceServer server = InferenceServer.start(options());
      assertThat(send(http, infer(server)).statusCode()).isEqualTo(200);
      List<CompletableFuture<Integer>> answers = new ArrayList<>();
      Thread closing = new Thread(server::close);
      for (int i = 0; i < 300; i++) {
        if (i == 100) {
          closing.start();
        }
        answers.add(
            http.sendAsync(infer(server).build(), HttpResponse.BodyHandlers.ofString())
                .thenApply(HttpResponse::statusCode));
      }
      closing.join();
      int answered = 0;
      for (CompletableFuture<Integer> answer : answers) {
        try {
          int status = answer.orTimeout(30, TimeUnit.SECONDS).join();
          assertThat(status).isIn(200, 503);
          answered += status == 200 ? 1 : 0;
        } catch (CompletionException e) {
          // The port is closed: no answer was promised. Anything else would be a request lost.
          assertThat(e.getCause()).isInstanceOf(IOException.class);
        }
      }
      assertThat(answered).isPositive();
    }
  }
}
