package dev.hasten.runtime;

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
}
