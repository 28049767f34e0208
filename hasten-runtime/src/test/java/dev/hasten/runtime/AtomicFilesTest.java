package dev.hasten.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFilesTest {
  @SuppressWarnings("NullAway.Init")
  @TempDir
  Path folder;

  @Test
  void writesReplacesAndMakesFolders() {
    Path file = folder.resolve("a/b/c.txt");
    AtomicFiles.write(file, "first");
    AtomicFiles.write(file, "second");
    assertThat(file).hasContent("second");
    assertThat(file.getParent()).isDirectoryNotContaining("glob:**.tmp");
  }

  @Test
  void aFailureLeavesWhatWasThereAndNothingElse() throws IOException {
    Path file = folder.resolve("c.txt");
    AtomicFiles.write(file, "before");
    assertThatThrownBy(() ->
            AtomicFiles.write(
                file,
                out -> {
                  out.write(new byte[100_000]);
                  throw new IOException("No space left on device");
                }))
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("c.txt: cannot be written: No space left on device");
    assertThatThrownBy(() ->
            AtomicFiles.write(
                file,
                out -> {
                  throw new BadInputException("the caller's own");
                }))
        .isInstanceOf(BadInputException.class);
    assertThat(file).hasContent("before");
    try (Stream<Path> entries = Files.list(folder)) {
      assertThat(entries).containsExactly(file);
    }
  }

  @Test
  void namesTheFileThatCannotBe() {
    AtomicFiles.write(folder.resolve("file"), "x");
    assertThatThrownBy(() -> AtomicFiles.write(folder.resolve("file/below"), "y"))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("below")
        .hasMessageContaining("is a file (expected: a folder)");
    assertThatThrownBy(() -> AtomicFiles.write(Path.of("/"), "y"))
        .isInstanceOf(BadInputException.class);
  }
}
