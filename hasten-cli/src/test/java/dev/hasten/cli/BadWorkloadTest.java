package dev.hasten.cli;

import static dev.hasten.cli.BadInputs.replace;
import static dev.hasten.cli.BadInputs.write;

import dev.hasten.cli.BadInputs.Case;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Workload files that are wrong. */
class BadWorkloadTest {
  @TempDir Path folder;

  private static final List<String> OPTIMIZE = List.of("optimize", "workload.yaml", "--quiet");

  private static List<Case> cases() {
    return List.of(
        new Case(
            "no model",
            f -> replace(f, "model: model.onnx\n", ""),
            OPTIMIZE,
            "workload.yaml:",
            "model"),
        new Case(
            "no data",
            f -> replace(f, "data:\n  path: examples.jsonl\n  tensors: [x]\n", ""),
            OPTIMIZE,
            "workload.yaml:",
            "data"),
        new Case(
            "no input",
            f -> replace(f, "input:\n  type: tensors\n  batchAxis: true\n", ""),
            OPTIMIZE,
            "workload.yaml:",
            "input"),
        new Case(
            "field twice",
            f -> replace(f, "budget: 5s", "budget: 5s\nbudget: 6s"),
            OPTIMIZE,
            "workload.yaml:13",
            "budget"),
        new Case(
            "tab as indentation",
            f -> replace(f, "  type: tensors", "	type: tensors"),
            OPTIMIZE,
            "workload.yaml:3"),
        new Case(
            "list in a value's place",
            f -> replace(f, "model: model.onnx", "model: [a, b]"),
            OPTIMIZE,
            "workload.yaml:1",
            "model"),
        new Case(
            "mapping in a value's place",
            f -> replace(f, "output: bundle", "output: {a: b}"),
            OPTIMIZE,
            "workload.yaml:11",
            "output"),
        new Case(
            "value in a mapping's place",
            f -> replace(f, "quality:\n  metric: cosine\n  maxDrop: 0.01", "quality: 5"),
            OPTIMIZE,
            "workload.yaml:8",
            "quality"),
        new Case(
            "two documents",
            f -> replace(f, "model: model.onnx", "model: model.onnx\n---\na: 1"),
            OPTIMIZE,
            "workload.yaml:"),
        new Case(
            "unknown anchor",
            f -> replace(f, "budget: 5s", "budget: *b"),
            OPTIMIZE,
            "workload.yaml:12"),
        new Case(
            "unknown input type",
            f -> replace(f, "type: tensors", "type: tensor"),
            OPTIMIZE,
            "workload.yaml:3",
            "tensor",
            "tensors"),
        new Case(
            "no input type",
            f -> replace(f, "  type: tensors\n", ""),
            OPTIMIZE,
            "workload.yaml:",
            "type"),
        new Case(
            "another input type's field",
            f -> replace(f, "batchAxis: true", "pooling: mean"),
            OPTIMIZE,
            "workload.yaml:3",
            "pooling"),
        new Case(
            "unknown objective",
            f -> replace(f, "output: bundle", "objective: speed\noutput: bundle"),
            OPTIMIZE,
            "workload.yaml:11",
            "speed",
            "latency"),
        new Case(
            "drop of no number",
            f -> replace(f, "maxDrop: 0.01", "maxDrop: little"),
            OPTIMIZE,
            "workload.yaml:10",
            "maxDrop",
            "little"),
        new Case(
            "drop not a number (NaN)",
            f -> replace(f, "maxDrop: 0.01", "maxDrop: .nan"),
            OPTIMIZE,
            "workload.yaml:10",
            "maxDrop"),
        new Case(
            "confidence of 1",
            f -> replace(f, "maxDrop: 0.01", "confidence: 1.0"),
            OPTIMIZE,
            "workload.yaml:10",
            "confidence"),
        new Case(
            "confidence in percent",
            f -> replace(f, "maxDrop: 0.01", "confidence: 95"),
            OPTIMIZE,
            "workload.yaml:10",
            "confidence"),
        new Case(
            "budget of nothing",
            f -> replace(f, "budget: 5s", "budget: 0s"),
            OPTIMIZE,
            "workload.yaml:12",
            "budget"),
        new Case(
            "negative budget",
            f -> replace(f, "budget: 5s", "budget: -5s"),
            OPTIMIZE,
            "workload.yaml:12",
            "budget"),
        new Case(
            "size without a number",
            f -> replace(f, "output: bundle", "limits: {size: small}\noutput: bundle"),
            OPTIMIZE,
            "workload.yaml:11",
            "small"),
        new Case(
            "unknown unit",
            f -> replace(f, "output: bundle", "limits: {memory: 5XB}\noutput: bundle"),
            OPTIMIZE,
            "workload.yaml:11",
            "5XB"),
        new Case(
            "unknown limit",
            f -> replace(f, "output: bundle", "limits: {memry: 5MB}\noutput: bundle"),
            OPTIMIZE,
            "workload.yaml:11",
            "memry",
            "memory"),
        new Case(
            "runtime that is no version",
            f -> replace(f, "output: bundle", "limits: {targetOrt: new}\noutput: bundle"),
            OPTIMIZE,
            "new"),
        new Case(
            "runtime older than any",
            f -> replace(f, "output: bundle", "limits: {targetOrt: '0.3'}\noutput: bundle"),
            OPTIMIZE,
            "0.3"),
        new Case(
            "batch of none",
            f -> replace(f, "output: bundle", "measure: {rows: [{batch: 0}]}\noutput: bundle"),
            OPTIMIZE,
            "workload.yaml:11",
            "batch"),
        new Case(
            "rows of none",
            f -> replace(f, "output: bundle", "measure: {rows: []}\noutput: bundle"),
            OPTIMIZE,
            "workload.yaml:11",
            "rows"),
        new Case(
            "threads of none",
            f -> replace(f, "output: bundle", "measure: {threads: 0}\noutput: bundle"),
            OPTIMIZE,
            "workload.yaml:11",
            "threads"),
        new Case(
            "unknown technique to try",
            f ->
                replace(
                    f, "output: bundle", "techniques: {include: [dynamc-int8]}\noutput: bundle"),
            OPTIMIZE,
            "workload.yaml:11",
            "dynamc-int8",
            "dynamic-int8"),
        new Case(
            "unknown technique to leave out",
            f -> replace(f, "output: bundle", "techniques: {exclude: [magic]}\noutput: bundle"),
            OPTIMIZE,
            "workload.yaml:11",
            "magic"),
        new Case(
            "version to compare with missing",
            f -> replace(f, "output: bundle", "compare: [other.onnx]\noutput: bundle"),
            OPTIMIZE,
            "workload.yaml:11"),
        new Case(
            "fractions beyond 1",
            f ->
                replace(
                    f,
                    "tensors: [x]",
                    "tensors: [x]\n  split: {calibrate: 0.5, validate: 0.5, test: 0.5}"),
            OPTIMIZE,
            "split"),
        new Case(
            "unknown split",
            f -> replace(f, "tensors: [x]", "tensors: [x]\n  split: {train: 1.0}"),
            OPTIMIZE,
            "workload.yaml:8",
            "train"),
        new Case(
            "seed of no number",
            f -> replace(f, "tensors: [x]", "tensors: [x]\n  seed: lucky"),
            OPTIMIZE,
            "workload.yaml:8",
            "seed",
            "lucky"),
        new Case(
            "limit of no examples",
            f -> replace(f, "tensors: [x]", "tensors: [x]\n  limit: 0"),
            OPTIMIZE,
            "workload.yaml:8",
            "limit"),
        new Case(
            "jar missing",
            f -> replace(f, "metric: cosine", "metric: com.acme.Metric\n  jar: acme.jar"),
            OPTIMIZE,
            "acme.jar"),
        new Case(
            "jar that is none",
            f -> {
              write(f, "acme.jar", "no zip");
              replace(f, "metric: cosine", "metric: com.acme.Metric\n  jar: acme.jar");
            },
            OPTIMIZE,
            "acme.jar"),
        new Case(
            "metric class nowhere",
            f -> replace(f, "metric: cosine", "metric: com.acme.Metric"),
            OPTIMIZE,
            "com.acme.Metric"),
        new Case(
            "empty workload",
            f -> write(f, "workload.yaml", ""),
            OPTIMIZE,
            "…/workload.yaml: empty"),
        new Case(
            "workload is a list",
            f -> write(f, "workload.yaml", "- model\n"),
            OPTIMIZE,
            "workload.yaml:1"),
        new Case(
            "workload is no text",
            f -> Files.write(f.resolve("workload.yaml"), new byte[] {0, 1, (byte) 0xFF}),
            OPTIMIZE,
            "workload.yaml"),
        new Case(
            "billion laughs",
            f -> write(f, "workload.yaml", laughs()),
            OPTIMIZE,
            "…/workload.yaml",
            "aliases"),
        new Case(
            "nested without end",
            f -> write(f, "workload.yaml", "model: " + "[".repeat(20_000)),
            OPTIMIZE,
            "…/workload.yaml: nested too deeply"));
  }

  @TestFactory
  Stream<DynamicTest> eachIsSaidClearlyAndHarmsNothing() {
    return new BadInputs("Workload files").tests(folder, cases());
  }

  private static String laughs() {
    StringBuilder yaml = new StringBuilder("a0: &a0 [ha]\n");
    for (int i = 1; i < 60; i++) {
      yaml.append("a%d: &a%d [%s]\n".formatted(i, i, ("*a" + (i - 1) + ", ").repeat(10)));
    }
    return yaml.toString();
  }
}
