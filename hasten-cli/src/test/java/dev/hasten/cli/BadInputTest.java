package dev.hasten.cli;

import static dev.hasten.cli.BadInputs.cut;
import static dev.hasten.cli.BadInputs.lines;
import static dev.hasten.cli.BadInputs.model;
import static dev.hasten.cli.BadInputs.rename;
import static dev.hasten.cli.BadInputs.replace;
import static dev.hasten.cli.BadInputs.text;
import static dev.hasten.cli.BadInputs.write;

import dev.hasten.cli.BadInputs.Case;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The mistakes that are made most. */
class BadInputTest {
  @TempDir Path folder;

  private static List<Case> cases() {
    List<String> optimize = List.of("optimize", "workload.yaml", "--quiet");
    List<String> inspect = List.of("inspect", "model.onnx");
    List<String> apply = List.of("apply", "recipe.yaml", "model.onnx", "-o", "out.onnx");
    return List.of(
        new Case(
            "truncated model",
            f -> cut(f.resolve("model.onnx")),
            inspect,
            "model.onnx",
            "truncated"),
        new Case(
            "not a model at all",
            f -> write(f, "model.onnx", "#!/bin/sh\nrm -rf x\n"),
            inspect,
            "model.onnx",
            "not an ONNX model"),
        new Case(
            "empty model file", f -> write(f, "model.onnx", ""), inspect, "model.onnx", "empty"),
        new Case(
            "model file missing",
            f -> Files.delete(f.resolve("model.onnx")),
            inspect,
            "model.onnx",
            "no such file"),
        new Case("a folder as model", f -> {}, List.of("inspect", "."), "folder"),
        new Case("opset of the future", f -> model(f, 99), apply, "model.onnx", "Opset 99"),
        new Case(
            "workload missing",
            f -> Files.delete(f.resolve("workload.yaml")),
            optimize,
            "workload.yaml",
            "no such file"),
        new Case(
            "YAML that is none",
            f -> write(f, "workload.yaml", "model: [unclosed\n"),
            optimize,
            "workload.yaml:"),
        new Case(
            "unknown field",
            f -> replace(f, "quality:", "qualty:"),
            optimize,
            "workload.yaml:",
            "qualty",
            "quality"),
        new Case(
            "wrong type",
            f -> replace(f, "batchAxis: true", "batchAxis: maybe"),
            optimize,
            "workload.yaml:",
            "batchAxis"),
        new Case(
            "drop out of range",
            f -> replace(f, "maxDrop: 0.01", "maxDrop: -3"),
            optimize,
            "workload.yaml:",
            "maxDrop"),
        new Case(
            "nonsense budget",
            f -> replace(f, "budget: 5s", "budget: soon"),
            optimize,
            "budget",
            "soon"),
        new Case(
            "nonsense budget option",
            f -> {},
            List.of("optimize", "workload.yaml", "--budget", "soon"),
            "budget",
            "soon"),
        new Case(
            "nonsense drop option",
            f -> {},
            List.of("optimize", "workload.yaml", "--max-drop", "lots"),
            "--max-drop",
            "lots",
            "expected"),
        new Case(
            "unknown metric",
            f -> replace(f, "metric: cosine", "metric: cosin"),
            optimize,
            "workload.yaml:",
            "cosin",
            "cosine"),
        new Case(
            "labels missing",
            f -> replace(f, "metric: cosine", "metric: accuracy"),
            optimize,
            "workload.yaml:",
            "accuracy",
            "label"),
        new Case(
            "model named in the workload missing",
            f -> replace(f, "model: model.onnx", "model: modle.onnx"),
            optimize,
            "workload.yaml:1",
            "modle.onnx"),
        new Case(
            "data file missing",
            f -> Files.delete(f.resolve("examples.jsonl")),
            optimize,
            "workload.yaml:",
            "examples.jsonl"),
        new Case(
            "empty data set",
            f -> write(f, "examples.jsonl", ""),
            optimize,
            "examples.jsonl",
            "no examples"),
        new Case(
            "malformed JSON line",
            f -> write(f, "examples.jsonl", "{\"x\": [1,2,3,4]}\n{\"x\": [1,2\n"),
            optimize,
            "examples.jsonl",
            "2"),
        new Case(
            "field not in the data",
            f -> replace(f, "tensors: [x]", "tensors: [y]"),
            optimize,
            "examples.jsonl",
            "no field `y`",
            "x"),
        new Case(
            "input that the model lacks",
            f -> rename(f, "x", "z"),
            optimize,
            "tensor z is not an input",
            "x"),
        new Case(
            "wrong width",
            f -> write(f, "examples.jsonl", lines("{\"x\": [%d, 2, 3]}\n")),
            optimize,
            "x",
            "[8, 3]",
            "x float[batch,4]"),
        new Case(
            "all examples equal",
            f -> write(f, "examples.jsonl", "{\"x\": [1, 2, 3, 4]}\n".repeat(100)),
            optimize,
            "examples.jsonl",
            "equal"),
        new Case(
            "tokenizer missing", f -> text(f, null), optimize, "workload.yaml:", "tokenizer.json"),
        new Case("tokenizer broken", f -> text(f, "{\"version\": "), optimize, "tokenizer.json"),
        new Case(
            "recipe is no list",
            f -> write(f, "recipe.yaml", "simplify: yes\n"),
            apply,
            "recipe.yaml"),
        new Case(
            "unknown technique",
            f -> write(f, "recipe.yaml", "- simplfy\n"),
            apply,
            "recipe.yaml",
            "simplfy",
            "simplify"),
        new Case(
            "unknown parameter",
            f -> write(f, "recipe.yaml", "- dynamic-int8:\n    granularty: per-channel\n"),
            apply,
            "granularty",
            "granularity"),
        new Case(
            "parameter out of range",
            f -> write(f, "recipe.yaml", "- dynamic-int8:\n    granularity: per-galaxy\n"),
            apply,
            "per-galaxy",
            "expected"),
        new Case(
            "output is the model itself",
            f -> {},
            List.of("apply", "recipe.yaml", "model.onnx", "-o", "model.onnx"),
            "model.onnx",
            "never changed"),
        new Case(
            "output in a file's place",
            f -> {},
            List.of("apply", "recipe.yaml", "model.onnx", "-o", "examples.jsonl/out.onnx"),
            "examples.jsonl"),
        new Case(
            "no output named",
            f -> {},
            List.of("apply", "recipe.yaml", "model.onnx"),
            "--output",
            "missing"),
        new Case(
            "sizes for a workload that has data",
            f -> {},
            List.of("optimize", "workload.yaml", "--dim", "batch=4"),
            "workload.yaml",
            "--shape and --dim are for a model without data"),
        new Case("unknown command", f -> {}, List.of("optimise", "workload.yaml"), "optimise"),
        new Case(
            "unknown option",
            f -> {},
            List.of("optimize", "workload.yaml", "--bugdet", "3m"),
            "--bugdet"));
  }

  @TestFactory
  Stream<DynamicTest> eachIsSaidClearlyAndHarmsNothing() {
    return new BadInputs("The usual ones").tests(folder, cases());
  }
}
