package dev.hasten.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxRuntimeTest {
  @TempDir Path folder = Path.of(".");

  @Test
  void refusesACommandLineThatWouldCrashTheJvm() throws IOException {
    Path long1 = Files.writeString(folder.resolve("cmdline"), "x".repeat(4_000));
    assertThatThrownBy(() -> OnnxRuntime.refuseLongCommandLine(long1))
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContainingAll("4000 characters", "CLASSPATH", "java @file");
    Path short1 = Files.writeString(folder.resolve("short"), "java -jar app.jar");
    assertThatCode(
            () -> {
              OnnxRuntime.refuseLongCommandLine(short1);
              OnnxRuntime.refuseLongCommandLine(folder.resolve("missing"));
            })
        .doesNotThrowAnyException();
  }

  @Test
  void refusesAContainerWithoutNameAndShellThatWouldCrashTheJvm() throws IOException {
    Path none = folder.resolve("none");
    Path empty = Files.createFile(folder.resolve("empty"));
    Path id = Files.writeString(folder.resolve("machine-id"), "0123456789abcdef\n");
    Path shell = Files.createFile(folder.resolve("sh"));
    for (Path nameless : new Path[] {none, empty}) {
      assertThatThrownBy(() -> OnnxRuntime.refuseNamelessWithoutShell(nameless, none))
          .isInstanceOf(EnvironmentException.class)
          .hasMessageContainingAll(nameless.toString(), "ORT_DISABLE_TELEMETRY=1");
    }
    assertThat(shell.toFile().setExecutable(true)).isTrue();
    assertThatCode(
            () -> {
              OnnxRuntime.refuseNamelessWithoutShell(id, none);
              OnnxRuntime.refuseNamelessWithoutShell(none, shell);
            })
        .doesNotThrowAnyException();
  }
}
