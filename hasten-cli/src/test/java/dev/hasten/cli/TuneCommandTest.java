package dev.hasten.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.hasten.runtime.Bundle;
import dev.hasten.runtime.Tuning;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code hasten tune} through the command line, on a bundle of a small model. */
class TuneCommandTest {
  @TempDir Path folder;

  private final StringWriter out = new StringWriter();

  @BeforeEach
  void write() throws IOException {
    BadInputs.model(folder, 17);
    BadTuneTest.bundle(folder);
    Files.writeString(folder.resolve("rows.jsonl"), BadInputs.lines("{\"x\": [%d, 1, 0, 2]}\n"));
  }

  private int tune(String... more) {
    List<String> words =
        new ArrayList<>(
            List.of(
                "tune",
                folder.resolve("b").toString(),
                "--data",
                folder.resolve("rows.jsonl").toString(),
                "--budget",
                "1s",
                "--quiet"));
    words.addAll(List.of(more));
    return Main.run(
        new PrintWriter(out), new PrintWriter(new StringWriter()), words.toArray(String[]::new));
  }

  private Tuning tuning() {
    try (Bundle bundle = Bundle.open(folder.resolve("b"))) {
      return bundle.manifest().tuning();
    }
  }

  @Test
  void writesWhatItChoseAndThePlot() {
    assertThat(tune("--p99", "10s", "--memory", "4g")).isEqualTo(Main.Exit.DONE);
    assertThat(out.toString()).contains("requests/s", "adaptive", "Chosen", "tune.html");
    assertThat(tuning().batching()).isPresent();
    assertThat(tuning().batching().orElseThrow().memoryBytes()).isBetween(1L, 4L << 30);
    assertThat(folder.resolve("b").resolve(TuneCommand.REPORT)).content().contains("<svg");
  }

  @Test
  void aDryRunLeavesTheBundleAsItWas() throws IOException {
    assertThat(tune("--p99", "10s", "--dry-run", "--json", "--cores", "1"))
        .isEqualTo(Main.Exit.DONE);
    JsonNode json = new ObjectMapper().readTree(out.toString());
    assertThat(json.get("cores").asInt()).isEqualTo(1);
    assertThat(json.get("tried").size()).isGreaterThan(1);
    assertThat(tuning()).isEqualTo(Tuning.defaults());
    assertThat(folder.resolve("b").resolve(TuneCommand.REPORT)).doesNotExist();
  }

  @Test
  void aGoalThatIsNotMetLeavesTheBundleAsItWas() {
    assertThat(tune("--p99", "0.0001ms")).isEqualTo(Main.Exit.GOAL_NOT_MET);
    assertThat(out.toString()).contains("No setting keeps the goal");
    assertThat(tuning()).isEqualTo(Tuning.defaults());
  }
}
