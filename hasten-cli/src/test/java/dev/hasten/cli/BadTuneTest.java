package dev.hasten.cli;

import dev.hasten.cli.BadInputs.Case;
import dev.hasten.runtime.Bundle;
import dev.hasten.runtime.BundleManifest;
import dev.hasten.runtime.PipelineSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** {@code hasten tune} used wrongly. */
class BadTuneTest {
  @TempDir Path folder;

  static void bundle(Path place) {
    Bundle.write(
        place.resolve("b"),
        BundleManifest.of("b", new PipelineSpec.Tensors(true)),
        Map.of(Bundle.MODEL, place.resolve("model.onnx")));
  }

  private static List<String> tune(String... more) {
    return Stream.concat(Stream.of("tune", "@b", "--quiet"), Stream.of(more)).toList();
  }

  private static List<Case> cases() {
    return List.of(
        new Case("no bundle named", f -> {}, List.of("tune"), "BUNDLE"),
        new Case(
            "no data to load with",
            BadTuneTest::bundle,
            tune(),
            "…/b: no data",
            "--workload WORKLOAD",
            "--data FILE"),
        new Case(
            "data twice",
            BadTuneTest::bundle,
            tune("--data", "@examples.jsonl", "--workload", "workload.yaml"),
            "--workload and --data",
            "one of"),
        new Case(
            "data that are not there",
            BadTuneTest::bundle,
            tune("--data", "@no.jsonl"),
            "--data: …/no.jsonl: no such file"),
        new Case(
            "data without the field",
            BadTuneTest::bundle,
            tune("--data", "@texts.jsonl", "--field", "y"),
            "…/texts.jsonl",
            "y"),
        new Case(
            "data of another shape",
            f -> {
              bundle(f);
              Files.writeString(f.resolve("short.jsonl"), "{\"x\": [1, 2]}\n".repeat(20));
            },
            tune("--data", "@short.jsonl", "--budget", "1s"),
            "x"),
        new Case(
            "bundle that is none",
            f -> Files.createDirectory(f.resolve("b")),
            tune("--data", "@examples.jsonl"),
            "…/b has no bundle.json"),
        new Case(
            "nonsense goal",
            BadTuneTest::bundle,
            tune("--data", "@examples.jsonl", "--p99", "fast"),
            "--p99: 'fast'",
            "20ms"),
        new Case(
            "nonsense memory",
            BadTuneTest::bundle,
            tune("--data", "@examples.jsonl", "--memory", "lots"),
            "--memory: 'lots'",
            "2g"),
        new Case(
            "cores below none",
            BadTuneTest::bundle,
            tune("--data", "@examples.jsonl", "--cores", "-1"),
            "--cores: -1",
            ">= 1"));
  }

  @TestFactory
  Stream<DynamicTest> eachIsSaidClearlyAndHarmsNothing() {
    return new BadInputs("Tuning").tests(folder, cases());
  }
}
