package dev.hasten.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.study.StudyResult;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What commands print and how they exit: with {@code --json} one document and nothing else. */
class CommandsTest {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  @TempDir Path folder;

  private record Outcome(int code, String out, String err) {
    JsonNode json() {
      try {
        return JSON.readTree(out);
      } catch (JsonProcessingException e) {
        throw new AssertionError("not one JSON document: " + out, e);
      }
    }
  }

  private static Outcome run(Object... words) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] args = Stream.of(words).map(String::valueOf).toArray(String[]::new);
    int code = Main.run(new PrintWriter(out), new PrintWriter(err), args);
    return new Outcome(code, out.toString(), err.toString());
  }

  /** {@code x[batch,4] → Identity → MatMul(4×4) → y}: of it no technique makes anything better. */
  @BeforeEach
  void files() throws IOException {
    float[] weights = new float[16];
    Random random = new Random(1);
    for (int i = 0; i < weights.length; i++) {
      weights[i] = random.nextFloat();
    }
    GraphBuilder.opset(17)
        .input("x", DataType.FLOAT, "batch", 4)
        .floats("w", weights, 4, 4)
        .node("same", "Identity", "x")
        .node("y", "MatMul", "same", "w")
        .output("y", DataType.FLOAT, "batch", 4)
        .build()
        .write(folder.resolve("model.onnx"));
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 200; i++) {
      lines.append("{\"x\": [%d, 1, %d, 2]}\n".formatted(i, i % 7));
    }
    Files.writeString(folder.resolve("examples.jsonl"), lines);
    Files.writeString(
        folder.resolve("workload.yaml"),
        """
        model: model.onnx
        input: {type: tensors}
        data: {path: examples.jsonl, tensors: [x]}
        quality: {metric: cosine, maxDrop: 0}
        measure:
          rows: [{batch: 1}]
        techniques:
          include: [simplify]
        budget: 3s
        """);
  }

  private static List<String> names(JsonNode object) {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  @Test
  void doctorTellsTheMachineAndTheBackends() {
    Outcome outcome = run("doctor", "--json");
    assertThat(outcome.code()).isEqualTo(Main.Exit.DONE);
    JsonNode json = outcome.json();
    assertThat(names(json)).containsExactly("java", "hardware", "int8Saturates", "backends");
    assertThat(json.at("/hardware/cores").asInt()).isPositive();
    assertThat(json.at("/hardware/processor").asText()).isNotBlank();
    assertThat(json.at("/hardware/memoryBytes").asLong()).isPositive();
    assertThat(json.path("backends")).isNotEmpty();
    for (JsonNode backend : json.path("backends")) {
      assertThat(names(backend))
          .containsExactly("name", "version", "available", "detail", "remedy");
      assertThat(backend.path("remedy").asText().isEmpty())
          .isEqualTo(backend.path("available").asBoolean());
    }
    assertThat(run("doctor").out()).contains("Machine", "Backends", "int8: ");
  }

  @Test
  void inspectTellsWhatAModelConsistsOf() {
    Outcome outcome = run("inspect", folder.resolve("model.onnx"), "--json", "--nodes");
    assertThat(outcome.code()).isEqualTo(Main.Exit.DONE);
    JsonNode json = outcome.json();
    assertThat(json.path("file").asText()).isEqualTo("model.onnx");
    assertThat(json.path("nodes").asInt()).isEqualTo(2);
    assertThat(json.at("/operators/MatMul").asInt()).isEqualTo(1);
    assertThat(json.at("/inputs/0/name").asText()).isEqualTo("x");
    assertThat(json.at("/inputs/0/type").asText()).isEqualTo("FLOAT");
    assertThat(json.at("/outputs/0/shape").asText()).contains("batch", "4");
    assertThat(json.path("parameters").asInt()).isEqualTo(16);
    assertThat(json.path("weightBytes").asInt()).isEqualTo(64);
    assertThat(json.path("shapesComplete").asBoolean()).isTrue();
    assertThat(json.path("contradictions")).isEmpty();
    assertThat(json.path("nodeList")).hasSize(2);
    JsonNode brief = run("inspect", folder.resolve("model.onnx"), "--json").json();
    assertThat(brief.path("nodeList").isNull()).isTrue();
  }

  @Test
  void applyTellsWhatItChanged() throws IOException {
    Path recipe = Files.writeString(folder.resolve("recipe.yaml"), "- simplify\n");
    Path made = folder.resolve("made.onnx");
    Outcome outcome = run("apply", recipe, folder.resolve("model.onnx"), "-o", made, "--json");
    assertThat(outcome.code()).isEqualTo(Main.Exit.DONE);
    JsonNode json = outcome.json();
    assertThat(json.path("output").asText()).isEqualTo(made.toString());
    assertThat(json.path("bytesAfter").asLong()).isEqualTo(Files.size(made));
    assertThat(json.path("bytesBefore").asLong())
        .isEqualTo(Files.size(folder.resolve("model.onnx")));
    assertThat(json.path("changes")).isNotEmpty();
    assertThat(names(json.path("changes").get(0))).containsExactly("rule", "node", "what");
    assertThat(json.path("refusals").isArray()).isTrue();
    assertThat(json.path("warnings")).isEmpty();
    assertThat(Model.read(made).graph().nodes()).hasSize(1);

    JsonNode techniques = run("apply", "--list", "--json").json();
    assertThat(techniques).extracting(t -> t.path("name").asText()).contains("dynamic-int8");
  }

  @Test
  void quantizeTakesTheOptionsThatItsMethodDeclares() {
    Path model = folder.resolve("model.onnx");
    Path made = folder.resolve("int8.onnx");
    Outcome outcome =
        run(
            "quantize",
            model,
            "--method",
            "dynamic-int8",
            "--granularity",
            "per-tensor",
            "--set",
            "clip=mse",
            "-o",
            made,
            "--json");
    assertThat(outcome.code()).as(outcome.err()).isEqualTo(Main.Exit.DONE);
    JsonNode json = outcome.json();
    assertThat(json.at("/options/granularity").asText()).isEqualTo("per-tensor");
    assertThat(json.at("/options/clip").asText()).isEqualTo("mse");
    assertThat(json.path("changes"))
        .extracting(c -> c.path("what").asText())
        .anyMatch(what -> what.contains("per tensor"));
    assertThat(json.path("compare").get(0).asText()).contains("hasten compare", "int8.onnx");
    assertThat(Model.read(made).graph().nodes()).anyMatch(node -> node.is("MatMulInteger"));
    String text = run("quantize", model, "--method", "dynamic-int8", "-o", made).out();
    assertThat(text).contains("dynamic-int8: 1 of 1", "hasten compare", "--per-layer");
  }

  @Test
  void quantizeListsQuantizingMethodsAndTheirOptionsOnly() {
    JsonNode methods = run("quantize", "--list", "--json").json();
    assertThat(methods)
        .extracting(m -> m.path("name").asText())
        .contains("dynamic-int8", "static-int8", "weight-only-int8")
        .doesNotContain("simplify", "smooth-quant");
    Outcome help = run("quantize", "--method", "static-int8", "--help");
    assertThat(help.code()).isEqualTo(Main.Exit.DONE);
    assertThat(help.out()).contains("--percentile", "default: 99.99").doesNotContain("--clip");
    assertThat(run("quantize", "--help").out()).contains("Examples", "--method");
  }

  @Test
  void quantizeRefusesWhatItsMethodDoesNotKnow() {
    Path model = folder.resolve("model.onnx");
    Path made = folder.resolve("int8.onnx");
    Outcome option =
        run("quantize", model, "--method", "dynamic-int8", "--percentile", "99", "-o", made);
    assertThat(option.code()).isEqualTo(Main.Exit.BAD_INPUT);
    assertThat(option.err()).contains("--percentile", "--granularity");
    Outcome value = run("quantize", model, "--method", "dynamic-int8", "--clip", "x", "-o", made);
    assertThat(value.code()).isEqualTo(Main.Exit.BAD_INPUT);
    assertThat(value.err()).contains("clip: x (expected: none|mse)");
    Outcome method = run("quantize", model, "--method", "simplify", "-o", made);
    assertThat(method.code()).isEqualTo(Main.Exit.BAD_INPUT);
    assertThat(method.err()).contains("does not quantize", "static-int8");
    Outcome data = run("quantize", model, "--method", "static-int8", "-o", made);
    assertThat(data.code()).isEqualTo(Main.Exit.BAD_INPUT);
    assertThat(data.err()).contains("no calibration data");
    assertThat(made).doesNotExist();
  }

  @Test
  void quantizeCalibratesOnAFileAlone() {
    Path made = folder.resolve("int8.onnx");
    Outcome outcome =
        run(
            "quantize",
            folder.resolve("model.onnx"),
            "--method",
            "static-int8",
            "--data",
            folder.resolve("examples.jsonl"),
            "-o",
            made,
            "--json");
    assertThat(outcome.code()).as(outcome.err()).isEqualTo(Main.Exit.DONE);
    // The examples hold x = [i, 1, i mod 7, 2] with i from 0 to 199.
    assertThat(outcome.json().path("changes"))
        .extracting(c -> c.path("what").asText())
        .anyMatch(what -> what.contains("[0.000, 199.0]"));
  }

  @Test
  void compareTellsWhereTheErrorEnters() {
    Path model = folder.resolve("model.onnx");
    Path made = folder.resolve("int8.onnx");
    run("quantize", model, "--method", "dynamic-int8", "-o", made);
    Path page = folder.resolve("layers.html");
    Outcome outcome =
        run(
            "compare",
            model,
            made,
            "--workload",
            folder.resolve("workload.yaml"),
            "--per-layer",
            "--html",
            page,
            "--json",
            "--quiet");
    assertThat(outcome.code()).as(outcome.err()).isEqualTo(Main.Exit.DONE);
    JsonNode layer = outcome.json().path("layers").get(outcome.json().path("layers").size() - 1);
    assertThat(layer.path("value").asText()).isEqualTo("y");
    assertThat(layer.path("decibels").asDouble()).isBetween(20.0, 60.0);
    assertThat(page).isNotEmptyFile();
  }

  @Test
  void aDryRunTellsWhatWouldBeTriedAndWritesNothing() throws IOException {
    Outcome outcome = run("optimize", folder.resolve("workload.yaml"), "--dry-run", "--json");
    assertThat(outcome.code()).isEqualTo(Main.Exit.DONE);
    JsonNode json = outcome.json();
    assertThat(names(json)).containsExactly("candidates", "estimate", "resumes");
    assertThat(json.path("estimate").asDouble()).isEqualTo(3);
    assertThat(json.path("resumes").asBoolean()).isFalse();
    assertThat(json.path("candidates")).hasSize(1);
    JsonNode candidate = json.path("candidates").get(0);
    assertThat(names(candidate)).containsExactly("id", "label", "recipe", "reason");
    assertThat(candidate.at("/recipe/0/technique").asText()).isEqualTo("simplify");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(f -> f.getFileName().toString()))
          .containsExactlyInAnyOrder("model.onnx", "examples.jsonl", "workload.yaml");
    }
  }

  @Test
  void profileTellsWhereTheTimeGoesAndWhatWouldHelp() {
    Outcome outcome = run("profile", folder.resolve("workload.yaml"), "--json", "--quiet");
    assertThat(outcome.code()).as(outcome.err()).isEqualTo(Main.Exit.DONE);
    JsonNode json = outcome.json();
    assertThat(json.at("/profile/latency").asDouble()).isPositive();
    assertThat(json.at("/profile/operators/operators")).isNotEmpty();
    assertThat(json.at("/profile/peaks/fp32FlopsPerSecond").asDouble()).isPositive();
    assertThat(json.at("/profile/scaling")).isNotEmpty();
    assertThat(json.at("/profile/parameters").asInt()).isEqualTo(16);
    assertThat(json.path("advice")).isNotEmpty();
    for (JsonNode advice : json.path("advice")) {
      assertThat(names(advice)).containsExactly("strategy", "can", "low", "high", "reason");
    }
  }

  @Test
  void whereNothingHelpsTheExitCodeSaysSoAndTheReportWhy() throws IOException {
    Path workload = folder.resolve("workload.yaml");
    Outcome outcome = run("optimize", workload, "--quiet", "--json");
    assertThat(outcome.code()).as(outcome.err()).isEqualTo(Main.Exit.GOAL_NOT_MET);
    JsonNode json = outcome.json();
    assertThat(json.at("/outcome/delivered").asBoolean()).isFalse();
    assertThat(json.at("/outcome/trial").isNull()).isTrue();
    assertThat(json.at("/outcome/reason").asText()).isNotBlank();
    assertThat(json.path("trials")).hasSize(1);
    assertThat(StudyResult.fromJson(outcome.out()).outcome().delivered()).isFalse();
    assertThat(folder.resolve("bundle")).doesNotExist();

    // The same question again is answered from the journal, now for people.
    Outcome again = run("optimize", workload, "--quiet");
    assertThat(again.code()).isEqualTo(Main.Exit.GOAL_NOT_MET);
    assertThat(again.out()).contains("Nothing was delivered: ").doesNotContain("NaN");
    String report =
        again.out().lines().filter(l -> l.startsWith("Report  ")).findFirst().orElseThrow();
    assertThat(Path.of(report.substring(8))).isNotEmptyFile().hasFileName("report.html");
    JsonNode plan = run("optimize", workload, "--dry-run", "--json").json();
    assertThat(plan.path("resumes").asBoolean()).isTrue();
  }
}
