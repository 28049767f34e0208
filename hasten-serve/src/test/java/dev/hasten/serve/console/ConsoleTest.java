package dev.hasten.serve.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.hasten.runtime.Bundle;
import dev.hasten.runtime.BundleManifest;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.serve.InferenceServer;
import dev.hasten.serve.Protection;
import dev.hasten.serve.ServerOptions;
import dev.hasten.serve.TinyModels;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the console's page is made of, without a browser. */
class ConsoleTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String FOUR =
      "{\"inputs\":[{\"name\":\"x\",\"shape\":[2,4],\"datatype\":\"FP32\",\"data\":[1,2,3,4,5,6,7,8]}]}";

  @TempDir private Path folder;
  private final HttpClient http = HttpClient.newHttpClient();
  private @Nullable InferenceServer server;

  @BeforeEach
  void models() throws Exception {
    Path model = TinyModels.add(folder.resolve("files"), 1);
    Path report = Files.writeString(folder.resolve("files/report.html"), "<h1>it is faster</h1>");
    Bundle.write(
        folder.resolve("models/add er"),
        BundleManifest.of("adder", new PipelineSpec.Tensors(true)),
        Map.of(Bundle.MODEL, model, "report.html", report));
    Files.createDirectories(folder.resolve("models/broken/1"));
  }

  @AfterEach
  void stop() {
    http.close();
    if (server != null) {
      server.close();
    }
  }

  private void start(Protection protection) {
    server =
        InferenceServer.start(
            ServerOptions.of(folder.resolve("models")).withAddress("127.0.0.1", 0), protection);
  }

  private HttpResponse<String> get(String path, String... headers) throws Exception {
    return send(HttpRequest.newBuilder(uri(path)), headers);
  }

  private HttpResponse<String> send(HttpRequest.Builder request, String... headers)
      throws Exception {
    if (headers.length > 0) {
      request.headers(headers);
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private URI uri(String path) {
    if (server == null) {
      throw new IllegalStateException("not started");
    }
    return URI.create("http://127.0.0.1:" + server.port() + path);
  }

  private JsonNode adder() throws Exception {
    JsonNode state = JSON.readTree(get("/v2/console").body());
    assertThat(state.get("models")).hasSize(2);
    return state.get("models").get(0);
  }

  @Test
  void everyFileOfThePageIsThereAndMayRunNothingElse() throws Exception {
    start(Protection.limitsOnly());
    HttpResponse<String> page = get("/");
    assertThat(page.body()).contains("<title>Hasten</title>").doesNotContain("<style", "style=");
    assertThat(page.body()).doesNotContainPattern("<script(?![^>]*src=)").doesNotContain("http://");
    for (String path :
        new String[] {
          "/",
          "/console/main.js",
          "/console/console.css",
          "/console/icon.svg",
          "/console/uplot/uPlot.esm.js",
          "/console/uplot/uPlot.min.css"
        }) {
      HttpResponse<String> file = get(path);
      assertThat(file.statusCode()).as(path).isEqualTo(200);
      assertThat(file.headers().firstValue("content-security-policy"))
          .as(path)
          .hasValueSatisfying(policy ->
              assertThat(policy)
                  .contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'")
                  .doesNotContain("unsafe"));
      assertThat(file.headers().firstValue("x-frame-options")).hasValue("DENY");
      assertThat(file.headers().firstValue("x-content-type-options")).hasValue("nosniff");
    }
    for (String path :
        new String[] {
          "/console/ConsoleService.class",
          "/console/../console/ConsoleService.class",
          "/console/%2e%2e/ConsoleService.class",
          "/console/..%2fConsoleService.class",
          "/console/uplot/%2e%2e/LICENSE"
        }) {
      assertThat(get(path).statusCode()).as(path).isBetween(400, 499);
    }
  }

  @Test
  void tellsOfModelsAndHowTheirNumbersGrow() throws Exception {
    start(Protection.limitsOnly());
    JsonNode before = adder();
    assertThat(before.get("name").asText()).isEqualTo("add er");
    assertThat(before.get("state").asText()).isEqualTo("READY");
    assertThat(before.get("input").get("kind").asText()).isEqualTo("tensors");
    assertThat(before.get("tensors").get(0).toString())
        .isEqualTo("{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[-1,4]}");
    assertThat(before.get("latency_ms")).isEmpty();
    for (int i = 0; i < 3; i++) {
      HttpRequest.Builder infer =
          HttpRequest.newBuilder(uri("/v2/models/add%20er/infer"))
              .POST(HttpRequest.BodyPublishers.ofString(FOUR));
      assertThat(send(infer).statusCode()).isEqualTo(200);
    }
    JsonNode after = adder();
    // A request is counted once its answer is given: the last may not be yet.
    for (int i = 0; i < 200 && after.get("answered").asInt() < 3; i++) {
      Thread.sleep(10);
      after = adder();
    }
    assertThat(after.get("answered").asInt()).isEqualTo(3);
    assertThat(after.get("examples").asInt()).isEqualTo(6);
    assertThat(after.get("batches").toString()).isEqualTo("[[2,3]]");
    long counted = 0;
    for (JsonNode bucket : after.get("latency_ms")) {
      counted += bucket.get(1).asLong();
    }
    assertThat(counted).isEqualTo(3);
    String metrics = get("/metrics").body();
    assertThat(metrics)
        .contains("hasten_request_duration_seconds_count{model=\"add er\",version=\"1\"} 3")
        .contains(
            "hasten_request_duration_seconds_bucket{model=\"add er\",version=\"1\",le=\"+Inf\"} 3");
    assertThat(JSON.readTree(get("/v2/console").body()).get("models").get(1).get("reason").asText())
        .contains("neither a bundle nor a folder with a model.onnx");
  }

  @Test
  void theReportRunsInASandboxAndALinkOutOfTheBundleIsNotFollowed() throws Exception {
    start(Protection.limitsOnly());
    HttpResponse<String> report = get("/v2/models/add%20er/report");
    assertThat(report.statusCode()).isEqualTo(200);
    assertThat(report.body()).isEqualTo("<h1>it is faster</h1>");
    assertThat(report.headers().firstValue("content-security-policy").orElseThrow())
        .startsWith("sandbox allow-scripts; default-src 'none';")
        .doesNotContain("allow-same-origin");
    assertThat(get("/v2/models/broken/report").statusCode()).isEqualTo(503);
    assertThat(get("/v2/models/nothing/report").statusCode()).isEqualTo(404);
    Path secret = Files.writeString(folder.resolve("secret"), "secret");
    Path file = folder.resolve("models/add er/report.html");
    Files.delete(file);
    Files.createSymbolicLink(file, secret);
    HttpResponse<String> refused = get("/v2/models/add%20er/report");
    assertThat(refused.statusCode()).isEqualTo(404);
    assertThat(refused.body()).contains("cannot be read").doesNotContain(folder.toString());
  }

  @Test
  void withTokensThePageIsOpenItsNumbersAreNotAndReportsOpenByTicket() throws Exception {
    String digest =
        HexFormat.of()
            .formatHex(
                MessageDigest.getInstance("SHA-256")
                    .digest("letmein".getBytes(StandardCharsets.UTF_8)));
    Path tokens = Files.writeString(folder.resolve("tokens"), "me " + digest + " infer\n");
    start(Protection.limitsOnly().withTokens(tokens));
    assertThat(get("/").statusCode()).isEqualTo(200);
    assertThat(get("/console/main.js").statusCode()).isEqualTo(200);
    assertThat(get("/v2/console").statusCode()).isEqualTo(401);
    assertThat(get("/v2/models/add%20er/versions/1/report").statusCode()).isEqualTo(401);
    String[] token = {"Authorization", "Bearer letmein"};
    assertThat(get("/v2/models/add%20er/report", token).statusCode()).isEqualTo(200);
    JsonNode state = JSON.readTree(get("/v2/console", token).body());
    String link = "/" + state.get("models").get(0).get("report").asText();
    assertThat(get(link).body()).isEqualTo("<h1>it is faster</h1>");
    assertThat(get(link + "x").statusCode()).isEqualTo(401);
    assertThat(get(link.replace("add%20er", "broken")).statusCode()).isEqualTo(401);
    String ticket = link.substring(link.indexOf('?'));
    assertThat(get("/v2/console" + ticket).statusCode()).isEqualTo(401);
    assertThat(get("/v2/models/add%20er/versions/1" + ticket).statusCode()).isEqualTo(401);
  }

  @Test
  void ticketsEnd() {
    Instant[] now = {Instant.parse("2026-01-01T00:00:00Z")};
    ReportTickets tickets = new ReportTickets(() -> now[0]);
    String ticket = tickets.issue("m", "1");
    assertThat(tickets.admits("m", "1", ticket)).isTrue();
    assertThat(tickets.admits("m", "2", ticket)).isFalse();
    assertThat(new ReportTickets(() -> now[0]).admits("m", "1", ticket)).isFalse();
    for (String bad : new String[] {"", ".", "1.", "x.y", "99999999999999999999." + ticket}) {
      assertThat(tickets.admits("m", "1", bad)).as(bad).isFalse();
    }
    assertThat(tickets.admits("m", "1", null)).isFalse();
    now[0] = now[0].plusSeconds(300);
    assertThat(tickets.admits("m", "1", ticket)).isFalse();
    // Who moves the end breaks the signature.
    String moved = (now[0].getEpochSecond() + 60) + ticket.substring(ticket.indexOf('.'));
    assertThat(tickets.admits("m", "1", moved)).isFalse();
  }
}
