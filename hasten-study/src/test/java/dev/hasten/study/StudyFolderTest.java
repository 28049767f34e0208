package dev.hasten.study;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.graph.WriteOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A journal is used again for the very same question only. */
class StudyFolderTest {
  @TempDir Path folder;

  private Path study() {
    return Study.folder(Workload.read(folder.resolve("workload.yaml")));
  }

  @Test
  void whateverTheOutcomeDependsOnGivesAnotherFolder() throws IOException {
    Path file = SmallStudy.write(folder);
    Workload workload = Workload.read(file);
    Set<Path> seen = new HashSet<>();
    assertThat(seen.add(study())).isTrue();
    assertThat(seen.add(study())).as("nothing changed").isFalse();
    assertThat(seen.add(Study.folder(workload.withBudget(new Budget(Duration.ofDays(1))))))
        .isTrue();
    assertThat(seen.add(Study.folder(workload.withMaxDrop(0.02)))).isTrue();
    assertThat(seen.add(Study.folder(workload.withObjective(Objective.LATENCY)))).isTrue();
    assertThat(seen.add(Study.folder(workload.withOutput(folder.resolve("elsewhere"))))).isTrue();

    Files.writeString(file, Files.readString(file).replace("batch: 1", "batch: 2"));
    assertThat(seen.add(study())).as("other rows").isTrue();
    Files.writeString(file, Files.readString(file).replace("[simplify, ", "["));
    assertThat(seen.add(study())).as("other techniques").isTrue();
    Path data = folder.resolve("examples.jsonl");
    Files.writeString(data, Files.readString(data).replaceFirst("\\d", "7"));
    assertThat(seen.add(study())).as("other data").isTrue();
    SmallStudy.writeModel(folder.resolve("model.onnx"), 2, WriteOptions.defaults());
    assertThat(seen.add(study())).as("another model").isTrue();
  }

  @Test
  void weightsInAFileOfTheirOwnCount() throws IOException {
    SmallStudy.write(folder);
    Path model = folder.resolve("model.onnx");
    SmallStudy.writeModel(model, 1, WriteOptions.external());
    Path before = study();
    Path weights;
    try (Stream<Path> files = Files.list(folder)) {
      weights = files.filter(f -> f.toString().endsWith(".data")).findFirst().orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(weights);
    bytes[100] ^= 1;
    Files.write(weights, bytes);
    assertThat(study()).isNotEqualTo(before);
  }

  @Test
  void weightsInAFileOfTheirOwnCountForPeersToo() throws IOException {
    Path file = SmallStudy.write(folder);
    Path peers = Files.createDirectory(folder.resolve("peers"));
    SmallStudy.writeModel(peers.resolve("peer.onnx"), 3, WriteOptions.external());
    Files.writeString(file, Files.readString(file) + "compare: [{model: peers/peer.onnx}]\n");
    Path before = study();
    Path weights;
    try (Stream<Path> files = Files.list(peers)) {
      weights = files.filter(f -> f.toString().endsWith(".data")).findFirst().orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(weights);
    bytes[100] ^= 1;
    Files.write(weights, bytes);
    assertThat(study()).isNotEqualTo(before);
  }

  @Test
  void answersOfAnotherRuntimeAreOthers() throws IOException {
    Workload workload = Workload.read(SmallStudy.write(folder));
    try (StudyFolder opened = StudyFolder.open(workload)) {
      Path answers = opened.answers(Map.of("runtime", "1.22", "processor", "a"));
      assertThat(answers)
          .hasParentRaw(opened.path().resolve("answers"))
          .isEqualTo(opened.answers(Map.of("processor", "a", "runtime", "1.22")))
          .isNotEqualTo(opened.answers(Map.of("runtime", "1.23", "processor", "a")));
    }
  }

  @Test
  void whatAKilledRunWasWritingGoes() throws IOException {
    SmallStudy.write(folder);
    Workload workload = Workload.read(folder.resolve("workload.yaml"));
    Path artifacts = Files.createDirectories(study().resolve("artifacts"));
    Files.writeString(artifacts.resolve(".t3.onnx.99.tmp"), "half");
    Files.writeString(artifacts.resolve("whole.onnx"), "whole");
    Files.createDirectories(study().resolve("bundle-files/.x.1.tmp/deep"));
    try (StudyFolder opened = StudyFolder.open(workload)) {
      try (Stream<Path> files = Files.walk(opened.path())) {
        assertThat(files.filter(Files::isRegularFile).map(f -> f.getFileName().toString()))
            .containsExactlyInAnyOrder("lock", "whole.onnx");
      }
      assertThat(opened.staged()).isEmptyDirectory();
    }
  }

  @Test
  void besideATargetOnlyItsOwnOldLeftoversGo() throws IOException {
    Path old = Files.createDirectory(folder.resolve(".bundle.1.tmp"));
    Files.writeString(old.resolve("model.onnx"), "half");
    Files.setLastModifiedTime(old, java.nio.file.attribute.FileTime.fromMillis(0));
    Path young = Files.writeString(folder.resolve(".bundle.2.tmp"), "someone writes");
    Path other = Files.writeString(folder.resolve(".bundle2.1.tmp"), "another's");
    Files.setLastModifiedTime(other, java.nio.file.attribute.FileTime.fromMillis(0));
    Leftovers.sweepBeside(folder.resolve("bundle"));
    assertThat(old).doesNotExist();
    assertThat(young).exists();
    assertThat(other).exists();
  }
}
