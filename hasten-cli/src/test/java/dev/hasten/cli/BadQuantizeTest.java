package dev.hasten.cli;

import static dev.hasten.cli.BadInputs.cut;
import static dev.hasten.cli.BadInputs.write;

import dev.hasten.cli.BadInputs.Case;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** {@code hasten quantize} used wrongly. */
class BadQuantizeTest {
  @TempDir Path folder;

  private static List<String> quantize(String... more) {
    return Stream.concat(Stream.of("quantize", "model.onnx", "-o", "out.onnx"), Stream.of(more))
        .toList();
  }

  private static List<Case> cases() {
    return List.of(
        new Case(
            "no method", f -> {}, quantize(), "--method is missing", "dynamic-int8", "static-int8"),
        new Case(
            "unknown method",
            f -> {},
            quantize("--method", "int7"),
            "--method: int7",
            "dynamic-int8"),
        new Case(
            "method that does not quantize",
            f -> {},
            quantize("--method", "simplify"),
            "--method: simplify does not quantize",
            "dynamic-int8"),
        new Case(
            "no model",
            f -> {},
            List.of("quantize", "--method", "dynamic-int8", "-o", "out.onnx"),
            "MODEL is missing",
            "hasten quantize MODEL"),
        new Case(
            "no output",
            f -> {},
            List.of("quantize", "model.onnx", "--method", "dynamic-int8"),
            "--output is missing",
            "--output FILE"),
        new Case(
            "model missing",
            f -> {},
            List.of("quantize", "no.onnx", "--method", "dynamic-int8", "-o", "out.onnx"),
            "…/no.onnx: no such file",
            "Check the path"),
        new Case(
            "truncated model",
            f -> cut(f.resolve("model.onnx")),
            quantize("--method", "dynamic-int8"),
            "…/model.onnx: not an ONNX model, or truncated"),
        new Case(
            "output is the model itself",
            f -> {},
            List.of("quantize", "model.onnx", "--method", "dynamic-int8", "-o", "model.onnx"),
            "…/model.onnx: is the model itself",
            "another --output"),
        new Case(
            "output in no folder",
            f -> {},
            List.of("quantize", "model.onnx", "--method", "dynamic-int8", "-o", "@none/out.onnx"),
            "…/none/out.onnx: its folder …/none is not there",
            "an existing folder"),
        new Case(
            "another method's option",
            f -> {},
            quantize("--method", "fp16", "--granularity", "per-channel"),
            "--granularity: fp16 has no such option"),
        new Case(
            "option of no method",
            f -> {},
            quantize("--method", "dynamic-int8", "--granularty", "per-channel"),
            "--granularty"),
        new Case(
            "option's value unknown",
            f -> {},
            quantize("--method", "dynamic-int8", "--granularity", "per-galaxy"),
            "granularity: per-galaxy",
            "per-channel|per-tensor"),
        new Case(
            "number of bits that there is not",
            f -> {},
            quantize("--method", "weight-only-nbits", "--bits", "5"),
            "weight-only-nbits",
            "bits: 5",
            "4"),
        new Case(
            "percentile beyond 100",
            f -> {},
            quantize(
                "--method", "static-int8", "--data", "@examples.jsonl", "--set", "percentile=101"),
            "static-int8",
            "percentile: 101",
            "100"),
        new Case(
            "setting unknown",
            f -> {},
            quantize("--method", "dynamic-int8", "--set", "granularty=per-channel"),
            "unknown parameter 'granularty'",
            "did you mean 'granularity'?"),
        new Case(
            "setting without a value",
            f -> {},
            quantize("--method", "dynamic-int8", "--set", "clip"),
            "--set",
            "clip",
            "KEY=VALUE"),
        new Case(
            "option given twice",
            f -> {},
            quantize("--method", "dynamic-int8", "--set", "clip=mse", "--clip", "mse"),
            "--clip: is given by --set too"),
        new Case(
            "unknown technique besides",
            f -> {},
            quantize("--method", "dynamic-int8", "--with", "smoth-quant"),
            "unknown technique 'smoth-quant'",
            "did you mean 'smooth-quant'?"),
        new Case(
            "data needed, none given",
            f -> {},
            quantize("--method", "static-int8"),
            "static-int8",
            "--data",
            "--workload"),
        new Case(
            "data and workload",
            f -> {},
            quantize(
                "--method",
                "static-int8",
                "--data",
                "@examples.jsonl",
                "--workload",
                "workload.yaml"),
            "--data …/examples.jsonl",
            "one of the two"),
        new Case(
            "data missing",
            f -> {},
            quantize("--method", "static-int8", "--data", "@no.npz"),
            "…/no.npz: no such file",
            "calibration data"),
        new Case(
            "data of other inputs",
            f -> write(f, "other.jsonl", "{\"z\": [1, 2, 3, 4]}\n"),
            quantize("--method", "static-int8", "--data", "@other.jsonl"),
            "…/other.jsonl",
            "no field `x`",
            "found: z"),
        new Case(
            "data of no example",
            f -> write(f, "none.jsonl", ""),
            quantize("--method", "static-int8", "--data", "@none.jsonl"),
            "…/none.jsonl",
            "at least one"),
        new Case(
            "data of no known format",
            f -> write(f, "data.txt", "1 2 3 4\n"),
            quantize("--method", "static-int8", "--data", "@data.txt"),
            "…/data.txt",
            ".npz"),
        new Case(
            "workload missing",
            f -> {},
            quantize("--method", "static-int8", "--workload", "no.yaml"),
            "…/no.yaml: no such file",
            "a workload"),
        new Case(
            "workload's tokenizer missing",
            f -> BadInputs.text(f, null),
            quantize("--method", "static-int8", "--workload", "workload.yaml"),
            "workload.yaml:2",
            "input.tokenizer: 'tokenizer.json': no such file"),
        new Case(
            "runtime too old to target",
            f -> {},
            quantize("--method", "dynamic-int8", "--target-ort", "1.2"),
            "version of ONNX Runtime: 1.2",
            "expected: 1.16 to"),
        new Case(
            "folder as output",
            f -> Files.createDirectory(f.resolve("out")),
            List.of("quantize", "model.onnx", "--method", "dynamic-int8", "-o", "@out"),
            "…/out",
            "a folder (expected: a file's name)"));
  }

  @TestFactory
  Stream<DynamicTest> eachIsSaidClearlyAndHarmsNothing() {
    return new BadInputs("Quantizing by hand").tests(folder, cases());
  }
}
