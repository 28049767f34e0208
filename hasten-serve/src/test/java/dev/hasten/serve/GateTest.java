package dev.hasten.serve;

import static org.assertj.core.api.Assertions.assertThat;

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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Scopes of requests that may become jobs. */
class GateTest {
  private static final String INFER = "/v2/models/adder/infer";
  private static final String BODY =
      "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,4],\"datatype\":\"FP32\",\"data\":[1,2,3,4]}]}";

  @TempDir private Path folder;

  private Path tokens() throws Exception {
    StringBuilder lines = new StringBuilder();
    for (String who : List.of("infer", "jobs")) {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(("secret-" + who).getBytes(StandardCharsets.UTF_8));
      lines.append("%s %s %s%n".formatted(who, HexFormat.of().formatHex(digest), who));
    }
    return Files.writeString(folder.resolve("tokens"), lines);
  }

  private record Case(String path, String scope, boolean later, int status) {}

  private void check(ServerOptions options, List<Case> cases) throws Exception {
    try (HttpClient http = HttpClient.newHttpClient();
        InferenceServer server =
            InferenceServer.start(options, Protection.limitsOnly().withTokens(tokens()))) {
      server.awaitLoaded();
      for (Case c : cases) {
        HttpRequest.Builder request =
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + c.path()))
                .header("Authorization", "Bearer secret-" + c.scope())
                .POST(HttpRequest.BodyPublishers.ofString(BODY));
        if (c.later()) {
          request.header("Prefer", "wait=1").header("Prefer", "respond-async");
        }
        HttpResponse<String> response =
            http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).as(c + response.body()).isEqualTo(c.status());
        if (c.status() == 403) {
          assertThat(response.body())
              .contains("'%s' lacks the scope".formatted(c.scope()))
              .contains(c.scope().equals("infer") ? "'jobs'" : "'infer'");
        }
      }
    }
  }

  @Test
  void whatBecomesAJobNeedsTheScopeOfJobs() throws Exception {
    TinyModels.add(folder.resolve("models/adder/1"), 1);
    ServerOptions plain = ServerOptions.of(folder.resolve("models")).withAddress("127.0.0.1", 0);
    check(
        plain.withJobs(JobsOptions.of(folder.resolve("jobs").toString())),
        List.of(
            new Case(INFER, "infer", false, 200),
            new Case(INFER, "infer", true, 403),
            new Case("/v2/models/adder/predict", "infer", true, 403),
            new Case("/v2/models/adder/versions/1/infer", "infer", true, 403),
            new Case(INFER, "jobs", true, 202),
            new Case(INFER, "jobs", false, 403),
            new Case("/v2/models/adder/jobs", "infer", false, 403),
            new Case("/v2/models/adder/jobs", "jobs", false, 202)));
    // Without jobs the preference means nothing.
    check(plain, List.of(new Case(INFER, "infer", true, 200), new Case(INFER, "jobs", true, 403)));
  }
}
