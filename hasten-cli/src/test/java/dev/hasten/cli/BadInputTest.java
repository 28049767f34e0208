package dev.hasten.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Tensor;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a user sees who made a mistake: exit code 2, a message that names the thing, and not one
 * file changed, left half-written or added. The table of all of them is written to {@code
 * target/bad-inputs.md}.
 */
class BadInputTest {
  private static final String WORKLOAD =
      """
      model: model.onnx
      input:
        type: tensors
        batchAxis: true
      data:
        path: examples.jsonl
        tensors: [x]
      quality:
        metric: cosine
        maxDrop: 0.01
      output: bundle
      budget: 5s
      """;

  private static final String TEXT_WORKLOAD =
      """
      model: model.onnx
      input: {type: text, tokenizer: tokenizer.json}
      data: {path: texts.jsonl, text: text}
      output: bundle
      """;

  private static final List<String> TABLE = new ArrayList<>();

  @TempDir Path folder;

  /** A mistake: how it is made, what is run, what the message must contain. */
  private record Case(String name, Mistake mistake, List<String> command, String... said) {}

  private interface Mistake {
    void make(Path folder) throws IOException;
  }

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
            "y",
            "x"),
        new Case("input that the model lacks", f -> rename(f, "x", "z"), optimize, "z", "x"),
        new Case(
            "wrong width",
            f -> write(f, "examples.jsonl", lines("{\"x\": [%d, 2, 3]}\n")),
            optimize,
            "x",
            "4"),
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
    return cases().stream().map(c -> DynamicTest.dynamicTest(c.name(), () -> check(c)));
  }

  private void check(Case c) throws IOException {
    Path place = Files.createTempDirectory(folder, "case");
    prepare(place);
    c.mistake().make(place);
    Map<String, String> before = snapshot(place);

    StringWriter err = new StringWriter();
    int code =
        Main.run(
            new PrintWriter(new StringWriter()), new PrintWriter(err), inside(place, c.command()));
    String message = err.toString().replace(place.toString(), "…").strip();

    TABLE.add(
        "| "
            + c.name()
            + " | "
            + code
            + " | "
            + message.lines().findFirst().orElse("").replace("|", "\\|")
            + " |");
    assertThat(message).contains(c.said());
    assertThat(message).as("a message, not a stack trace").doesNotContain("\tat ", "Exception");
    assertThat(code).as(message).isEqualTo(Main.Exit.BAD_INPUT);
    assertThat(snapshot(place)).as("files after " + message).isEqualTo(before);
  }

  @AfterAll
  static void keepTheTable() throws IOException {
    Files.writeString(
        Path.of("target", "bad-inputs.md"),
        "| mistake | exit code | message (first line) |\n|---|---|---|\n"
            + String.join("\n", TABLE)
            + "\n");
  }

  private static String[] inside(Path place, List<String> command) {
    return command.stream()
        .map(word -> word.matches(".*\\.(yaml|onnx)|\\.") ? place.resolve(word).toString() : word)
        .toArray(String[]::new);
  }

  private static void prepare(Path place) throws IOException {
    model(place, 17);
    write(place, "workload.yaml", WORKLOAD);
    write(place, "recipe.yaml", "- simplify\n");
    write(place, "examples.jsonl", lines("{\"x\": [%d, 1, 0, 2]}\n"));
    write(place, "texts.jsonl", lines("{\"text\": \"text %d\"}\n"));
  }

  private static String lines(String format) {
    return IntStream.range(0, 300).mapToObj(format::formatted).collect(Collectors.joining());
  }

  /** {@code x[batch,4] → MatMul → y[batch,3]}. */
  private static void model(Path place, long opset) {
    GraphBuilder.opset(17)
        .input("x", DataType.FLOAT, "batch", 4)
        .weight("w", Tensor.floats(new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 4, 3))
        .node("y", "MatMul", "x", "w")
        .output("y", DataType.FLOAT, "batch", 3)
        .build()
        .write(place.resolve("model.onnx"));
    if (opset != 17) {
      var model = dev.hasten.graph.Model.read(place.resolve("model.onnx")).copy();
      model.setOpset("", opset);
      model.write(place.resolve("model.onnx"));
    }
  }

  private static void cut(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length / 2));
  }

  private static void write(Path place, String name, String text) throws IOException {
    Files.writeString(place.resolve(name), text, UTF_8);
  }

  private static void replace(Path place, String old, String by) throws IOException {
    assertThat(WORKLOAD).contains(old);
    write(place, "workload.yaml", WORKLOAD.replace(old, by));
  }

  private static void rename(Path place, String old, String by) throws IOException {
    replace(place, "tensors: [" + old + "]", "tensors: [" + by + "]");
    Path data = place.resolve("examples.jsonl");
    Files.writeString(data, Files.readString(data).replace("\"" + old + "\"", "\"" + by + "\""));
  }

  private static void text(Path place, @org.jspecify.annotations.Nullable String tokenizer)
      throws IOException {
    write(place, "workload.yaml", TEXT_WORKLOAD);
    GraphBuilder.opset(17)
        .input("input_ids", DataType.INT64, "batch", "sequence")
        .node("y", "Cast", "input_ids")
        .attribute("to", 1)
        .output("y", DataType.FLOAT, "batch", "sequence")
        .build()
        .write(place.resolve("model.onnx"));
    if (tokenizer != null) {
      write(place, "tokenizer.json", tokenizer);
    }
  }

  /**
   * Every file with its content's digest. The study's own journal folder is hidden and may appear.
   */
  private static Map<String, String> snapshot(Path place) throws IOException {
    try (Stream<Path> files = Files.walk(place)) {
      Map<String, String> digests = new TreeMap<>();
      files
          .filter(
              file -> Files.isRegularFile(file) && !place.relativize(file).startsWith(".hasten"))
          .forEach(file -> digests.put(place.relativize(file).toString(), digest(file)));
      return digests;
    }
  }

  private static String digest(Path file) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
