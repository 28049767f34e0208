package dev.hasten.cli;

import static dev.hasten.cli.BadInputs.cut;
import static dev.hasten.cli.BadInputs.write;

import dev.hasten.cli.BadInputs.Case;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Options, models, recipes and bundles that are wrong, command by command. */
class BadCommandTest {
  @TempDir Path folder;

  private static List<Case> cases() {
    return List.of(
        new Case(
            "no command's model",
            f -> {},
            List.of("inspect"),
            "Missing required parameter: 'MODEL'"),
        new Case(
            "doctor with a word too many",
            f -> {},
            List.of("doctor", "now"),
            "Unmatched argument",
            "'now'"),
        new Case(
            "diff without the other",
            f -> {},
            List.of("inspect", "--diff", "model.onnx"),
            "OTHER is missing",
            "hasten inspect --diff MODEL OTHER"),
        new Case(
            "two models without diff",
            f -> {},
            List.of("inspect", "model.onnx", "model.onnx"),
            "a second model without --diff"),
        new Case(
            "diff with a missing one",
            f -> {},
            List.of("inspect", "--diff", "model.onnx", "no.onnx"),
            "no.onnx",
            "no such file"),
        new Case(
            "page of inspect in a file's place",
            f -> {},
            List.of("inspect", "model.onnx", "--html", "@examples.jsonl/page.html"),
            "…/examples.jsonl/page.html: …/examples.jsonl is a file"),
        new Case(
            "profile of nothing",
            f -> {},
            List.of("profile", "no.onnx"),
            "…/no.onnx: no such file"),
        new Case(
            "profile of a truncated model",
            f -> cut(f.resolve("model.onnx")),
            List.of("profile", "model.onnx"),
            "…/model.onnx",
            "truncated"),
        new Case(
            "size without a value",
            f -> {},
            List.of("profile", "model.onnx", "--dim", "batch"),
            "--dim: 'batch'",
            "NAME=SIZE"),
        new Case(
            "size of no number",
            f -> {},
            List.of("profile", "model.onnx", "--dim", "batch=many"),
            "'batch=many'",
            "whole numbers"),
        new Case(
            "size of an unknown dimension",
            f -> {},
            List.of("profile", "model.onnx", "--dim", "bacht=4"),
            "--dim bacht",
            "one of [batch]"),
        new Case(
            "shape of an unknown input",
            f -> {},
            List.of("profile", "model.onnx", "--shape", "q=1x4"),
            "--shape q: no such input",
            "one of [x]"),
        new Case(
            "shape against the model",
            f -> {},
            List.of("profile", "model.onnx", "--shape", "x=1x5"),
            "--shape x=[1, 5]",
            "expected: 4 there"),
        new Case(
            "threads of none, for profile",
            f -> {},
            List.of("profile", "model.onnx", "--threads", "0"),
            "threads: 0",
            ">= 1"),
        new Case(
            "threads of no number",
            f -> {},
            List.of("profile", "model.onnx", "--threads", "two"),
            "--threads",
            "two"),
        new Case(
            "sizes for a workload's profile",
            f -> {},
            List.of("profile", "workload.yaml", "--dim", "batch=4"),
            "…/workload.yaml: --shape, --dim"),
        new Case(
            "recipe missing",
            f -> {},
            List.of("apply", "no.yaml", "model.onnx", "-o", "out.onnx"),
            "no.yaml",
            "no such recipe"),
        new Case(
            "recipe that is no YAML",
            f -> write(f, "recipe.yaml", "- [simplify\n"),
            List.of("apply", "recipe.yaml", "model.onnx", "-o", "out.onnx"),
            "…/recipe.yaml:2: not YAML"),
        new Case(
            "recipe with a number as step",
            f -> write(f, "recipe.yaml", "- 5\n"),
            List.of("apply", "recipe.yaml", "model.onnx", "-o", "out.onnx"),
            "…/recipe.yaml:1: unknown technique '5'"),
        new Case(
            "recipe with two techniques in a step",
            f -> write(f, "recipe.yaml", "- simplify: {}\n  fp16: {}\n"),
            List.of("apply", "recipe.yaml", "model.onnx", "-o", "out.onnx"),
            "…/recipe.yaml:1: one technique was expected"),
        new Case(
            "recipe whose parameters are a list",
            f -> write(f, "recipe.yaml", "- dynamic-int8: [1, 2]\n"),
            List.of("apply", "recipe.yaml", "model.onnx", "-o", "out.onnx"),
            "…/recipe.yaml:1",
            "dynamic-int8"),
        new Case(
            "number out of range",
            f -> write(f, "recipe.yaml", "- weight-only-nbits:\n    bits: 5\n"),
            List.of("apply", "recipe.yaml", "model.onnx", "-o", "out.onnx"),
            "recipe.yaml",
            "bits: 5",
            "expected: 4|8"),
        new Case(
            "unknown target runtime",
            f -> {},
            List.of("apply", "recipe.yaml", "model.onnx", "-o", "out.onnx", "--target-ort", "x"),
            "ONNX Runtime: x",
            "expected: 1.16 to"),
        new Case(
            "workload of apply missing",
            f -> {},
            List.of(
                "apply", "recipe.yaml", "model.onnx", "-o", "out.onnx", "--workload", "no.yaml"),
            "…/no.yaml: no such file"),
        new Case(
            "technique that needs data without them",
            f -> write(f, "recipe.yaml", "- static-int8\n"),
            List.of("apply", "recipe.yaml", "model.onnx", "-o", "out.onnx"),
            "static-int8",
            "--workload"),
        new Case(
            "repair of nothing",
            f -> write(f, "recipe.yaml", "- bias-correction\n"),
            List.of(
                "apply",
                "recipe.yaml",
                "model.onnx",
                "-o",
                "out.onnx",
                "--workload",
                "workload.yaml"),
            "bias-correction: nothing was quantized before it"),
        new Case(
            "demo in a file's place",
            f -> {},
            List.of("demo", "--dir", "@examples.jsonl", "--prepare"),
            "--dir: …/examples.jsonl is a file"),
        new Case(
            "demo with a budget of nonsense",
            f -> {},
            List.of("demo", "--dir", "@demo", "--budget", "soon"),
            "--budget: 'soon'"),
        new Case(
            "demo with a word too many",
            f -> {},
            List.of("demo", "please"),
            "Unmatched argument",
            "'please'"),
        new Case(
            "unknown objective option",
            f -> {},
            List.of("optimize", "workload.yaml", "--objective", "speed"),
            "--objective",
            "'speed'",
            "LATENCY"),
        new Case(
            "optimize without a workload",
            f -> {},
            List.of("optimize"),
            "Missing required parameter: 'WORKLOAD|MODEL'"),
        new Case(
            "output in a file's place, for optimize",
            f -> {},
            List.of("optimize", "workload.yaml", "--quiet", "-o", "@examples.jsonl/b"),
            "…/examples.jsonl is a file",
            "expected: a folder"));
  }

  @TestFactory
  Stream<DynamicTest> eachIsSaidClearlyAndHarmsNothing() {
    return new BadInputs("Commands, recipes and bundles").tests(folder, cases());
  }
}
