package dev.hasten.serve.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import dev.hasten.serve.InferenceServer;
import dev.hasten.serve.ServerOptions;
import dev.hasten.serve.TinyModels;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Jobs of a whole server, through the JDK's HTTP client. */
class JobsServerTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
  private static final String INFER = "/v2/models/adder/infer";

  @TempDir private static Path folder;
  private static InferenceServer server;
  private static JobsClient client;
  private static HttpServer receiver;
  private static final BlockingQueue<Call> CALLS = new LinkedBlockingQueue<>();

  /** What the receiver of webhooks got. */
  private record Call(String path, Map<String, List<String>> headers, String body) {
    String header(String name) {
      return headers.getOrDefault(name, List.of()).getFirst();
    }
  }

  @BeforeAll
  static void start() throws IOException {
    TinyModels.add(folder.resolve("models/adder/1"), 1);
    receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    receiver.createContext(
        "/",
        exchange -> {
          String path = exchange.getRequestURI().getPath();
          CALLS.add(
              new Call(
                  path,
                  Map.copyOf(exchange.getRequestHeaders()),
                  new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8)));
          boolean moved = path.equals("/moved");
          if (moved) {
            exchange.getResponseHeaders().add("Location", "/elsewhere");
          }
          exchange.sendResponseHeaders(moved ? 307 : 204, -1);
          exchange.close();
        });
    receiver.start();
    server =
        InferenceServer.start(
            ServerOptions.of(folder.resolve("models"))
                .withAddress("127.0.0.1", 0)
                .withJobs(
                    JobsOptions.of(folder.resolve("jobs").toString())
                        .withWebhooks(
                            Set.of("127.0.0.1:" + receiver.getAddress().getPort()), SECRET)));
    client = new JobsClient(server.port());
  }

  @AfterAll
  static void stop() {
    client.close();
    server.close();
    receiver.stop(0);
  }

  private static String submit(int value) throws IOException {
    return JobsClient.accepted(client.send(client.later(INFER, JobsClient.four(value))));
  }

  @Test
  void answersLaterAsItWouldHaveAnsweredAtOnce() throws Exception {
    HttpResponse<String> response = client.send(client.later(INFER, JobsClient.four(41)));
    String id = JobsClient.accepted(response);
    assertThat(response.headers().firstValue("location")).contains("/v2/jobs/" + id);
    assertThat(response.headers().firstValue("preference-applied")).contains("respond-async");
    HttpResponse<String> result = client.get("/v2/jobs/" + id + "/result?wait=30s");
    assertThat(result.statusCode()).as(result.body()).isEqualTo(200);
    HttpResponse<String> atOnce =
        client.send(client.request(INFER).POST(BodyPublishers.ofString(JobsClient.four(41))));
    assertThat(atOnce.statusCode()).isEqualTo(200);
    assertThat(result.body()).isEqualTo(atOnce.body());
    assertThat(result.headers().firstValue("content-type"))
        .isEqualTo(atOnce.headers().firstValue("content-type"));
    JsonNode job = client.job(id, "1ms");
    assertThat(job.get("state").asText()).isEqualTo("succeeded");
    assertThat(job.get("attempts").asInt()).isEqualTo(1);
    assertThat(job.get("progress").toString()).isEqualTo("{\"total\":1,\"done\":1,\"failed\":0}");
    assertThat(job.get("ended").asText()).isGreaterThanOrEqualTo(job.get("started").asText());
  }

  @Test
  void keepsBinaryTensorsBinary() throws Exception {
    String head =
        """
        {"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32",
          "parameters": {"binary_data_size": 16}}],
         "outputs": [{"name": "y", "parameters": {"binary_data": true}}]}\
        """;
    ByteBuffer body =
        ByteBuffer.allocate(head.length() + 16)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put(head.getBytes(StandardCharsets.UTF_8));
    for (float value : new float[] {1, 2, 3, 4}) {
      body.putFloat(value);
    }
    String id =
        JobsClient.accepted(
            client.send(
                client
                    .request(INFER)
                    .header("Prefer", "respond-async")
                    .header("Content-Type", "application/octet-stream")
                    .header("Inference-Header-Content-Length", String.valueOf(head.length()))
                    .POST(BodyPublishers.ofByteArray(body.array()))));
    HttpResponse<byte[]> result =
        client.http.send(
            client.request("/v2/jobs/" + id + "/result?wait=30s").build(),
            HttpResponse.BodyHandlers.ofByteArray());
    int json =
        (int) result.headers().firstValueAsLong("inference-header-content-length").orElseThrow();
    ByteBuffer tensor =
        ByteBuffer.wrap(result.body(), json, result.body().length - json)
            .order(ByteOrder.LITTLE_ENDIAN);
    assertThat(List.of(tensor.getFloat(), tensor.getFloat(), tensor.getFloat(), tensor.getFloat()))
        .containsExactly(2f, 3f, 4f, 5f);
    assertThat(tensor.hasRemaining()).isFalse();
  }

  @Test
  void aKeyMakesOneJob() throws Exception {
    String first =
        JobsClient.accepted(
            client.send(client.later(INFER, JobsClient.four(1)).header("Idempotency-Key", "once")));
    String again =
        JobsClient.accepted(
            client.send(client.later(INFER, JobsClient.four(1)).header("Idempotency-Key", "once")));
    assertThat(again).isEqualTo(first);
    HttpResponse<String> other =
        client.send(client.later(INFER, JobsClient.four(2)).header("Idempotency-Key", "once"));
    assertThat(other.statusCode()).isEqualTo(422);
    assertThat(other.body()).contains("used before with another request");
  }

  @Test
  void aBadRequestFailsWithTheReason() throws Exception {
    String id =
        JobsClient.accepted(client.send(client.later(INFER, "{\"inputs\": [{\"name\": \"x\"}]}")));
    JsonNode job = client.job(id, "30s");
    assertThat(job.get("state").asText()).isEqualTo("failed");
    assertThat(job.get("attempts").asInt()).isEqualTo(1);
    assertThat(job.get("error").asText()).contains("input 'x'").contains("shape: missing");
    HttpResponse<String> result = client.get("/v2/jobs/" + id + "/result");
    assertThat(result.statusCode()).isEqualTo(409);
    assertThat(result.body()).contains("shape: missing");
    assertThat(client.send(client.later("/v2/models/nobody/infer", "{}")).statusCode())
        .isEqualTo(404);
    assertThat(client.get("/v2/jobs/nothing").statusCode()).isEqualTo(404);
    assertThat(client.get("/v2/jobs/" + id + "?wait=1h").statusCode()).isEqualTo(400);
  }

  @Test
  void listsInPages() throws Exception {
    List<String> made = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      made.addFirst(submit(i));
    }
    String next = made.getFirst();
    JsonNode page = JSON.readTree(client.get("/v2/jobs?limit=2&after=" + next).body());
    assertThat(page.get("jobs").findValuesAsText("id")).contains(made.get(1), made.get(2));
    assertThat(client.get("/v2/jobs?state=nonsense").statusCode()).isEqualTo(400);
    assertThat(client.get("/v2/jobs?limit=0").statusCode()).isEqualTo(400);
  }

  @Test
  void answersLinesOfABulkJobEachByItself() throws Exception {
    int count = 1000;
    ByteArrayOutputStream lines = new ByteArrayOutputStream();
    for (int i = 1; i <= count; i++) {
      String line = i == 500 ? "{\"inputs\": 3}" : JobsClient.four(i);
      lines.writeBytes((line + (i % 2 == 0 ? "\n" : "\r\n\n")).getBytes(StandardCharsets.UTF_8));
    }
    String id =
        JobsClient.accepted(
            client.send(
                client
                    .request("/v2/models/adder/jobs")
                    .POST(BodyPublishers.ofByteArray(lines.toByteArray()))));
    JsonNode job = client.job(id, "60s");
    assertThat(job.get("state").asText()).isEqualTo("succeeded");
    assertThat(job.get("progress").toString())
        .isEqualTo("{\"total\":1000,\"done\":1000,\"failed\":1}");
    List<String> results = client.get("/v2/jobs/" + id + "/result").body().lines().toList();
    assertThat(results).hasSize(count);
    for (int i = 1; i <= count; i++) {
      if (i == 500) {
        assertThat(JSON.readTree(results.get(499)).get("error").asText()).contains("inputs");
      } else {
        assertThat(JobsClient.first(results.get(i - 1))).isEqualTo(i + 1);
      }
    }
    assertThat(
            client
                .send(
                    client.request("/v2/models/adder/jobs").POST(BodyPublishers.ofString("\n \n")))
                .statusCode())
        .isEqualTo(400);
  }

  @Test
  void eventsTellOfTheJobUntilItEnds() throws Exception {
    String id = submit(7);
    HttpResponse<InputStream> events =
        client.http.send(
            client.request("/v2/jobs/" + id + "/events").build(),
            HttpResponse.BodyHandlers.ofInputStream());
    assertThat(events.headers().firstValue("content-type").orElseThrow())
        .startsWith("text/event-stream");
    List<String> states = new ArrayList<>();
    try (BufferedReader reader =
        new BufferedReader(new InputStreamReader(events.body(), StandardCharsets.UTF_8))) {
      // Ends by itself: the server closes the stream behind the last event.
      for (String line : reader.lines().toList()) {
        if (line.startsWith("data: ")) {
          states.add(JSON.readTree(line.substring(6)).get("state").asText());
        }
      }
    }
    assertThat(states).isNotEmpty().endsWith("succeeded").doesNotHaveDuplicates();
  }

  @Test
  void anEndedJobIsNotCancelledButRemoved() throws Exception {
    String id = submit(1);
    client.job(id, "30s");
    assertThat(
            client
                .send(client.request("/v2/jobs/" + id + "/cancel").POST(BodyPublishers.noBody()))
                .statusCode())
        .isEqualTo(409);
    assertThat(client.send(client.request("/v2/jobs/" + id).DELETE()).statusCode()).isEqualTo(204);
    assertThat(client.get("/v2/jobs/" + id).statusCode()).isEqualTo(404);
    assertThat(client.get("/v2/jobs/" + id + "/result").statusCode()).isEqualTo(404);
  }

  @Test
  void aJobThatIsNotAskedForInItsFormIsNotThere() throws Exception {
    for (String id : List.of("0", "%00", "a".repeat(5000), "..")) {
      assertThat(client.get("/v2/jobs/" + id).statusCode()).as(id).isIn(400, 404);
    }
    assertThat(client.get("/v2/jobs?model=%00").statusCode()).isEqualTo(400);
    assertThat(client.get("/v2/jobs?after=x").statusCode()).isEqualTo(400);
  }

  @Test
  void webhooksAreSignedAndFollowNoRedirect() throws Exception {
    String base = "http://127.0.0.1:" + receiver.getAddress().getPort();
    String id =
        JobsClient.accepted(
            client.send(
                client.later(INFER, JobsClient.four(3)).header("Webhook-Url", base + "/hook")));
    Call call = next("/hook");
    assertThat(JSON.readTree(call.body()).get("id").asText()).isEqualTo(id);
    assertThat(JSON.readTree(call.body()).get("state").asText()).isEqualTo("succeeded");
    // As a receiver checks it, by the specification.
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(Base64.getDecoder().decode(SECRET.substring(6)), "HmacSHA256"));
    String signed =
        call.header("Webhook-id") + "." + call.header("Webhook-timestamp") + "." + call.body();
    assertThat(call.header("Webhook-signature"))
        .isEqualTo(
            "v1,"
                + Base64.getEncoder()
                    .encodeToString(mac.doFinal(signed.getBytes(StandardCharsets.UTF_8))));

    client.send(client.later(INFER, JobsClient.four(4)).header("Webhook-Url", base + "/moved"));
    next("/moved");
    // It is tried again, at the same place.
    next("/moved");
    assertThat(CALLS).noneMatch(any -> any.path().equals("/elsewhere"));
  }

  private static Call next(String path) throws InterruptedException {
    Call call;
    do {
      call = CALLS.poll(30, TimeUnit.SECONDS);
      assertThat(call).as("a call of " + path).isNotNull();
    } while (!call.path().equals(path));
    return call;
  }

  @Test
  void otherHostsAreNotCalled() throws Exception {
    for (String url :
        List.of(
            "http://127.0.0.1:1/x",
            "http://localhost/x",
            "http://169.254.169.254/latest",
            "http://127.0.0.1.example.org/x")) {
      HttpResponse<String> refused =
          client.send(client.later(INFER, JobsClient.four(3)).header("Webhook-Url", url));
      assertThat(refused.statusCode()).as(url).isEqualTo(403);
    }
    int port = receiver.getAddress().getPort();
    for (String url :
        List.of("file:///etc/passwd", "nonsense", "http://a@127.0.0.1:" + port + "/", "ftp://x/")) {
      HttpResponse<String> refused =
          client.send(client.later(INFER, JobsClient.four(3)).header("Webhook-Url", url));
      assertThat(refused.statusCode()).as(url).isEqualTo(400);
    }
  }

  @Test
  void signsAsTheSpecificationsExample() {
    // The example of the Standard Webhooks' reference libraries.
    assertThat(
            Webhooks.signature(
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                "1614265330",
                "{\"test\": 2432232314}"))
        .isEqualTo("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  }

  @Test
  void whatAStoppedServerHadIsDoneByTheNext(@TempDir Path other) throws Exception {
    TinyModels.add(other.resolve("models/adder/1"), 1);
    ServerOptions options =
        ServerOptions.of(other.resolve("models"))
            .withAddress("127.0.0.1", 0)
            .withJobs(
                JobsOptions.of(other.resolve("jobs").toString())
                    .withAttempts(3, Duration.ofMinutes(10)));
    List<String> ids = new ArrayList<>();
    try (InferenceServer first = InferenceServer.start(options);
        JobsClient its = new JobsClient(first.port())) {
      for (int i = 0; i < 50; i++) {
        ids.add(JobsClient.accepted(its.send(its.later(INFER, JobsClient.four(i)))));
      }
    }
    // Their leases would have lasted ten minutes.
    try (InferenceServer second = InferenceServer.start(options);
        JobsClient its = new JobsClient(second.port())) {
      for (int i = 0; i < 50; i++) {
        JsonNode job = its.job(ids.get(i), "30s");
        assertThat(job.get("state").asText()).isEqualTo("succeeded");
        assertThat(job.get("attempts").asInt()).isEqualTo(1);
        assertThat(JobsClient.first(its.get("/v2/jobs/" + ids.get(i) + "/result").body()))
            .isEqualTo(i + 1);
      }
    }
  }
}
