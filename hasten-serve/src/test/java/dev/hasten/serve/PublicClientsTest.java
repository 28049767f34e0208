package dev.hasten.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hasten.graph.DataType;
import dev.hasten.serve.repository.RepositoryOptions;
import dev.hasten.serve.repository.VersionPolicy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code tritonclient} and OpenAI's client, as they come from PyPI. */
class PublicClientsTest {
  @TempDir private Path folder;

  /** A Python that has the clients: named by HASTEN_CLIENTS, or where .ci/run makes it. */
  private static Path python() {
    String named = System.getenv("HASTEN_CLIENTS");
    return named != null
        ? Path.of(named)
        : Path.of(System.getProperty("user.home"), ".cache/hasten/clients-venv/bin/python");
  }

  @Test
  void existingClientsSimplyWork() throws Exception {
    assumeTrue(
        Files.isExecutable(python()),
        "no Python with tritonclient[all] and openai at " + python() + " (see .ci/run)");
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
      Process process =
          new ProcessBuilder(
                  python().toString(),
                  "src/test/python/public_clients.py",
                  Integer.toString(server.port()))
              .redirectErrorStream(true)
              .start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).as(said).isZero();
      assertThat(said).contains("http async", "grpc stream", "openai embeddings");
    }
  }
}
