package dev.hasten.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.serve.InferenceServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A few thousand of the requests that {@link FuzzServer} sends by the million. */
class FuzzServerTest {
  @TempDir private Path folder;

  @Test
  void damagedRequestsAreAnsweredOrRefused() throws Exception {
    try (InferenceServer server = FuzzedServer.start(folder)) {
      FuzzRun run = new FuzzRun(server.port(), 7, 0, 4_000);
      List<Thread> workers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        workers.add(Thread.ofPlatform().start(run::work));
      }
      for (Thread worker : workers) {
        worker.join();
      }
      assertThat(run.findings()).isEmpty();
      // Else the requests are all refused in the same place, and nothing behind it is reached.
      assertThat(run.outcomes().keySet().stream().map(key -> key.replaceAll(".*\\| ", "")))
          .contains("200", "202", "400", "404", "413", "200 grpc 3", "200 grpc 5", "200 grpc 13");
    }
  }
}
