package dev.hasten.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** NVIDIA's {@code perf_analyzer} measures the server as it would measure Triton. */
class PerfAnalyzerTest {
  private static final Pattern COUNT = Pattern.compile("Request count: (\\d+)");

  @TempDir private static Path folder;
  private static InferenceServer server;

  @BeforeAll
  static void start() {
    TinyModels.add(folder.resolve("adder/1"), 1);
    server = InferenceServer.start(ServerOptions.of(folder).withAddress("127.0.0.1", 0));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-i http",
        "-i http --input-tensor-format json --output-tensor-format json",
        "-i http --async -b 4",
        "-i grpc -b 4",
        "-i grpc --async",
        "-i grpc --async --streaming",
        "-i grpc --request-rate-range 200"
      })
  void measures(String options) throws Exception {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "-m",
                "adder",
                "-u",
                "127.0.0.1:" + server.port(),
                "--measurement-mode",
                "count_windows",
                "--measurement-request-count",
                "50",
                "--stability-percentage",
                "999"));
    if (!options.contains("rate")) {
      arguments.addAll(List.of("--concurrency-range", "2"));
    }
    arguments.addAll(List.of(options.split(" ", -1)));
    PublicClients.Run run =
        PublicClients.run(60, "perf_analyzer", arguments.toArray(String[]::new));
    assertThat(run.exit()).as(run.said()).isZero();
    Matcher count = COUNT.matcher(run.said());
    assertThat(count.find()).as(run.said()).isTrue();
    assertThat(Integer.parseInt(count.group(1))).as(run.said()).isPositive();
  }
}
