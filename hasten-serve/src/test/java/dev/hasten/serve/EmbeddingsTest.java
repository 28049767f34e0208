package dev.hasten.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code /v1/embeddings} where clients' libraries do not go. */
class EmbeddingsTest {
  @TempDir private Path folder;

  @Test
  void dimensionsAreTheModelsOrRefused() throws Exception {
    MiniLm.bundle(folder.resolve("minilm"));
    try (InferenceServer server =
        InferenceServer.start(ServerOptions.of(folder).withAddress("127.0.0.1", 0))) {
      WebClient client = WebClient.of("http://127.0.0.1:" + server.port());
      record Case(String more, int status, String says) {}
      for (Case c :
          new Case[] {
            new Case("", 200, "\"prompt_tokens\":7"),
            new Case(", \"dimensions\": null", 200, "embedding"),
            new Case(", \"dimensions\": 384", 200, "embedding"),
            new Case(", \"dimensions\": 256", 400, "dimensions: 256 (expected: 384"),
            new Case(", \"dimensions\": \"384\"", 400, "dimensions: \\\"384\\\""),
            new Case(", \"dimensions\": 1.5", 400, "dimensions: 1.5"),
          }) {
        AggregatedHttpResponse response =
            client
                .post(
                    "/v1/embeddings",
                    "{\"model\": \"minilm\", \"input\": [\"hello\", \"hello world\"]"
                        + c.more()
                        + "}")
                .aggregate()
                .join();
        assertThat(response.status().code()).as(c + response.contentUtf8()).isEqualTo(c.status());
        assertThat(response.contentUtf8()).contains(c.says());
        if (c.status() == 200) {
          JsonNode data = new ObjectMapper().readTree(response.contentUtf8()).get("data");
          assertThat(data).hasSize(2);
          assertThat(data.get(1).get("embedding")).hasSize(384);
        }
      }
    }
  }
}
