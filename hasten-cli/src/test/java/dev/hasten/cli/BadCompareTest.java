package dev.hasten.cli;

import static dev.hasten.cli.BadInputs.cut;
import static dev.hasten.cli.BadInputs.write;

import dev.hasten.cli.BadInputs.Case;
import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** {@code hasten compare} used wrongly. */
class BadCompareTest {
  @TempDir Path folder;

  private static List<String> compare(String other, String... more) {
    return Stream.concat(
            Stream.of("compare", "model.onnx", other, "--workload", "workload.yaml", "--quiet"),
            Stream.of(more))
        .toList();
  }

  private static List<Case> cases() {
    return List.of(
        new Case(
            "compare without a workload",
            f -> {},
            List.of("compare", "model.onnx", "model.onnx"),
            "--workload"),
        new Case(
            "compare with one model",
            f -> {},
            List.of("compare", "model.onnx", "--workload", "workload.yaml"),
            "Missing required parameter: 'B'"),
        new Case(
            "compare with a missing model",
            f -> {},
            List.of("compare", "model.onnx", "no.onnx", "--workload", "workload.yaml"),
            "no.onnx"),
        new Case(
            "compare with a folder that is no bundle",
            f -> Files.createDirectory(f.resolve("b")),
            List.of("compare", "model.onnx", "@b", "--workload", "workload.yaml"),
            "…/b has no bundle.json"),
        new Case(
            "compare with a drop of none",
            f -> {},
            List.of(
                "compare",
                "model.onnx",
                "model.onnx",
                "--workload",
                "workload.yaml",
                "--max-drop",
                "x"),
            "--max-drop: x",
            "0 to 100%"),
        new Case(
            "compare with a time of nonsense",
            f -> {},
            List.of(
                "compare",
                "model.onnx",
                "model.onnx",
                "--workload",
                "workload.yaml",
                "--time",
                "x"),
            "--time: 'x'",
            "a time such as 90s"),
        new Case(
            "bundle with a broken manifest",
            f -> {
              Files.createDirectory(f.resolve("b"));
              write(f, "b/bundle.json", "{");
            },
            List.of("compare", "model.onnx", "@b", "--workload", "workload.yaml"),
            "…/b/bundle.json"),
        new Case(
            "zip that is none",
            f -> write(f, "b.zip", "PK"),
            List.of("compare", "model.onnx", "@b.zip", "--workload", "workload.yaml"),
            "b.zip"),
        new Case(
            "per layer and why slow, both",
            f -> {},
            compare("model.onnx", "--per-layer", "--explain"),
            "--per-layer, --explain: both given",
            "one of them"),
        new Case(
            "per layer of no examples",
            f -> {},
            compare("model.onnx", "--per-layer", "--examples", "0"),
            "--examples: 0",
            ">= 1"),
        new Case(
            "page without per layer",
            f -> {},
            compare("model.onnx", "--html", "@page.html"),
            "--html: there is no page",
            "--per-layer"),
        new Case(
            "page of layers in a file's place",
            f -> {},
            compare("model.onnx", "--per-layer", "--html", "@examples.jsonl/page.html"),
            "…/examples.jsonl/page.html: …/examples.jsonl is a file",
            "expected: a folder"),
        new Case(
            "per layer of unlike models",
            f -> other(f, "x", "z"),
            compare("other.onnx", "--per-layer"),
            "…/model.onnx and …/other.onnx have no computed value in common",
            "one made from the other"),
        new Case(
            "compare with a model of other inputs",
            f -> other(f, "q", "y"),
            compare("other.onnx"),
            "…/other.onnx",
            "q float[batch,4]"),
        new Case(
            "compare for no time",
            f -> {},
            compare("model.onnx", "--time", "0s"),
            "--time: '0s'",
            "longer than 0"),
        new Case(
            "compare by a workload that is missing",
            f -> {},
            List.of("compare", "model.onnx", "model.onnx", "--workload", "no.yaml"),
            "…/no.yaml: no such file",
            "a workload"),
        new Case(
            "compare with a truncated model",
            f -> {
              Files.copy(f.resolve("model.onnx"), f.resolve("other.onnx"));
              cut(f.resolve("other.onnx"));
            },
            compare("other.onnx"),
            "…/other.onnx",
            "truncated"));
  }

  @TestFactory
  Stream<DynamicTest> eachIsSaidClearlyAndHarmsNothing() {
    return new BadInputs("Comparing").tests(folder, cases());
  }

  /** A model of the same sizes, of these names. */
  private static void other(Path place, String input, String output) {
    GraphBuilder.opset(17)
        .input(input, DataType.FLOAT, "batch", 4)
        .node(output, "Relu", input)
        .output(output, DataType.FLOAT, "batch", 4)
        .build()
        .write(place.resolve("other.onnx"));
  }
}
