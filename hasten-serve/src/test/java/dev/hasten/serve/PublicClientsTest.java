package dev.hasten.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.graph.DataType;
import dev.hasten.serve.repository.RepositoryOptions;
import dev.hasten.serve.repository.VersionPolicy;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code tritonclient} and OpenAI's client, as they come from PyPI. */
class PublicClientsTest {
  @TempDir private Path folder;

  @Test
  void existingClientsSimplyWork() throws Exception {
    TinyModels.add(folder.resolve("adder/1"), 1);
    TinyModels.add(folder.resolve("adder/2"), 10);
    TinyModels.identity(folder.resolve("echo/1"), DataType.STRING);
    MiniLm.bundle(folder.resolve("minilm"));
    try (InferenceServer server =
        InferenceServer.start(
            ServerOptions.of(folder)
                .withAddress("127.0.0.1", 0)
                .withRepository(
                    RepositoryOptions.defaults().withVersions(new VersionPolicy.All())))) {
      PublicClients.Run clients =
          PublicClients.run(
              60, "python", "src/test/python/public_clients.py", Integer.toString(server.port()));
      assertThat(clients.exit()).as(clients.said()).isZero();
      assertThat(clients.said()).contains("http async", "grpc stream", "openai embeddings");
    }
  }
}
