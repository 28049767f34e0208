package dev.hasten.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/** Clients as they come from PyPI, and what they are pointed at. */
final class PublicClients {
  private PublicClients() {}

  /** What a client said before it ended, with its exit status. */
  record Run(int exit, String said) {}

  /** Where the clients are: named by HASTEN_CLIENTS, or where .ci/run makes them. */
  private static Path folder() {
    String named = System.getenv("HASTEN_CLIENTS");
    return named != null
        ? Objects.requireNonNull(Path.of(named).getParent())
        : Path.of(System.getProperty("user.home"), ".cache/hasten/clients-venv/bin");
  }

  /** Runs one of their programs; the test is skipped where it is not there. */
  static Run run(int limitSeconds, String program, String... arguments) throws Exception {
    Path file = folder().resolve(program);
    assumeTrue(Files.isExecutable(file), "no " + file + " (see .ci/run)");
    List<String> command = new ArrayList<>(List.of(file.toString()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(limitSeconds, TimeUnit.SECONDS)).as(said).isTrue();
    return new Run(process.exitValue(), said);
  }
}
