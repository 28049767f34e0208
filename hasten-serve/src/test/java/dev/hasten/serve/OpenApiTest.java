package dev.hasten.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.hasten.serve.jobs.JobsOptions;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The API's document says what the server does: all of it, and nothing else. */
class OpenApiTest {
  private static final String TOKEN = "secret-of-all";

  @TempDir private Path temp;
  private Path models;

  @BeforeEach
  void models() {
    models = temp.resolve("models");
    TinyModels.add(models.resolve("adder/1"), 1);
  }

  private ServerOptions everything() {
    return ServerOptions.of(models)
        .withAddress("127.0.0.1", 0)
        .withAdmin(true)
        .withJobs(JobsOptions.of(temp.resolve("jobs").toString()));
  }

  private Protection tokens() throws Exception {
    byte[] digest =
        MessageDigest.getInstance("SHA-256").digest(TOKEN.getBytes(StandardCharsets.UTF_8));
    return Protection.limitsOnly()
        .withTokens(
            Files.writeString(
                temp.resolve("tokens"),
                "all " + HexFormat.of().formatHex(digest) + " infer,jobs,admin\n"));
  }

  private static JsonNode document(InferenceServer server) throws Exception {
    try (HttpClient http = HttpClient.newHttpClient()) {
      HttpResponse<String> response =
          http.send(
              HttpRequest.newBuilder(
                      URI.create("http://127.0.0.1:" + server.port() + "/openapi.json"))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(response.statusCode()).isEqualTo(200);
      return new ObjectMapper().readTree(response.body());
    }
  }

  private static Set<String> operations(JsonNode document) {
    Set<String> operations = new TreeSet<>();
    document
        .get("paths")
        .propertyStream()
        .forEach(path ->
            OpenApi.operations((ObjectNode) path.getValue())
                .forEach(method ->
                    operations.add(
                        method.toUpperCase(java.util.Locale.ROOT) + " " + path.getKey())));
    return operations;
  }

  /** What the server takes, but for the console's page and HEAD, which goes with GET. */
  private static Set<String> bound(InferenceServer server) {
    Set<String> operations = new TreeSet<>();
    OpenApi.bound(server.routes())
        .forEach((path, methods) -> {
          if (path.matches("/(v1|v2|metrics|openapi.json)(/.*)?")) {
            methods.stream()
                .filter(method -> !method.name().equals("HEAD"))
                .forEach(method -> operations.add(method + " " + path));
          }
        });
    return operations;
  }

  @Test
  void everyRouteIsDocumentedAndEveryDocumentedOneIsThere() throws Exception {
    try (InferenceServer server = InferenceServer.start(everything(), tokens())) {
      JsonNode document = document(server);
      assertThat(operations(document)).isEqualTo(bound(server));
      assertThat(operations(OpenApi.file())).isSubsetOf(bound(server));
      assertThat(document.get("components").has("securitySchemes")).isTrue();
      assertThat(document.findValuesAsText("operationId")).doesNotHaveDuplicates();
      for (String reference : document.findValuesAsText("$ref")) {
        assertThat(document.at(reference.substring(1)).isMissingNode()).as(reference).isFalse();
      }
    }
  }

  @Test
  void whatAServerLacksIsLeftOut() throws Exception {
    try (InferenceServer server =
        InferenceServer.start(ServerOptions.of(models).withAddress("127.0.0.1", 0))) {
      JsonNode document = document(server);
      assertThat(operations(document)).isEqualTo(bound(server)).doesNotContain("GET /v2/jobs");
      assertThat(document.findValues("security")).isEmpty();
    }
  }

  @Test
  void aMethodThatAPathDoesNotTakeIsRefusedWithThoseThatItTakes() throws Exception {
    try (InferenceServer server = InferenceServer.start(everything());
        HttpClient http = HttpClient.newHttpClient()) {
      record Case(String method, String path, List<String> allowed) {}
      for (Case c :
          List.of(
              new Case("DELETE", "/v2/models/adder", List.of("GET")),
              new Case("GET", "/v2/models/adder/versions/1/infer", List.of("POST")),
              new Case("PATCH", "/v2/jobs/0", List.of("GET, DELETE")),
              new Case("POST", "/v2/health/live", List.of("GET, HEAD")))) {
        HttpResponse<String> response =
            http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + c.path()))
                    .method(c.method(), HttpRequest.BodyPublishers.noBody())
                    .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).as(c.toString()).isEqualTo(405);
        assertThat(response.headers().allValues("allow")).as(c.toString()).isEqualTo(c.allowed());
      }
    }
  }

  @Test
  void schemathesisFindsNothing() throws Exception {
    TinyModels.add(models.resolve("spare/1"), 1);
    MiniLm.bundle(models.resolve("minilm"));
    try (InferenceServer server = InferenceServer.start(everything(), tokens())) {
      PublicClients.Run run =
          PublicClients.run(
              120,
              "st",
              "--config-file",
              "src/test/python/schemathesis.toml",
              "run",
              "http://127.0.0.1:" + server.port() + "/openapi.json",
              "--header",
              "Authorization: Bearer " + TOKEN,
              "--checks",
              "all",
              "--mode",
              "all",
              "--seed",
              "1",
              "--max-examples",
              "8",
              "--no-color");
      assertThat(run.exit()).as(run.said()).isZero();
    }
  }
}
