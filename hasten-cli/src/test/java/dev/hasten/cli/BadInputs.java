package dev.hasten.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

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
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/**
 * Mistakes of users, tried one by one: exit code 2 (3 where the machine is to blame), a message
 * that names the thing, and not one file changed, left half-written or added. Their messages stand
 * in {@code docs/results/bad-inputs.md}, one section per test class; a section that differs fails
 * the test, unless it runs with {@code -Dhasten.rewrite=true}, which writes it.
 */
final class BadInputs {
  private static final Path PAGE = Path.of("..", "docs", "results", "bad-inputs.md");

  private static final Duration LIMIT = Duration.ofMinutes(1);

  private final String section;
  private final Map<String, String> table = new LinkedHashMap<>();

  BadInputs(String section) {
    this.section = section;
  }

  /** One test per case, and one that the page says what the cases said. */
  Stream<DynamicTest> tests(Path folder, List<Case> cases) {
    assertThat(cases).extracting(Case::name).doesNotHaveDuplicates();
    return Stream.concat(
        cases.stream().map(c -> DynamicTest.dynamicTest(c.name(), () -> check(folder, c))),
        Stream.of(DynamicTest.dynamicTest("the page is up to date", this::keepThePage)));
  }

  private void keepThePage() throws IOException {
    String page = Files.readString(PAGE);
    String title = "## " + section + "\n";
    int from = page.indexOf(title);
    assertThat(from).as("section " + section + " in " + PAGE).isNotNegative();
    int next = page.indexOf("\n## ", from);
    int to = next < 0 ? page.length() : next;
    String now =
        title
            + "\n| mistake | exit code | message (first line) |\n|---|---|---|\n"
            + String.join("\n", table.values())
            + "\n";
    if (Boolean.getBoolean("hasten.rewrite")) {
      Files.writeString(PAGE, page.substring(0, from) + now + page.substring(to));
      return;
    }
    assertThat(page.substring(from, to))
        .as(PAGE + " (rewrite it: run this test with -Dhasten.rewrite=true)")
        .isEqualTo(now);
  }

  static final String WORKLOAD =
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

  /** A mistake: how it is made, what is run, its exit code, what the message must contain. */
  record Case(String name, Mistake mistake, List<String> command, int code, String... said) {
    Case(String name, Mistake mistake, List<String> command, String... said) {
      this(name, mistake, command, Main.Exit.BAD_INPUT, said);
    }
  }

  interface Mistake {
    void make(Path folder) throws IOException;
  }

  /** Runs the command and adds the case's line to the table. */
  void check(Path folder, Case c) throws IOException {
    Path place = Files.createTempDirectory(folder, "case");
    prepare(place);
    c.mistake().make(place);
    Map<String, String> before = snapshot(place);

    StringWriter err = new StringWriter();
    // A server that starts after all would never end.
    int code =
        assertTimeoutPreemptively(
            LIMIT,
            () ->
                Main.run(
                    new PrintWriter(new StringWriter()),
                    new PrintWriter(err),
                    inside(place, c.command())));
    String message = withoutUsage(err.toString().replace(place.toString(), "…").strip());

    table.put(
        c.name(),
        "| "
            + c.name()
            + " | "
            + code
            + " | "
            + shortened(message.lines().findFirst().orElse("")).replace("|", "\\|")
            + " |");
    assertThat(message).contains(c.said());
    assertThat(message).as("a message, not a stack trace").doesNotContain("\tat ", "Exception");
    assertThat(code).as(message).isEqualTo(c.code());
    assertThat(snapshot(place)).as("files after " + message).isEqualTo(before);
  }

  /** Lists of seven or more end after three: a new technique must not change the page. */
  private static String shortened(String message) {
    return message.replaceAll("((?:[\\w@.-]+, ){3})(?:[\\w@.-]+, ){3,}[\\w@.-]+", "$1…");
  }

  /** What follows a wrong option names every option, so it would satisfy any expectation. */
  private static String withoutUsage(String message) {
    int usage = message.indexOf("\nUsage:");
    return usage < 0 ? message : message.substring(0, usage).strip();
  }

  private static String[] inside(Path place, List<String> command) {
    return command.stream()
        .map(word -> {
          if (word.startsWith("@")) {
            return place.resolve(word.substring(1)).toString();
          }
          return word.matches(".*\\.(yaml|onnx)|\\.") ? place.resolve(word).toString() : word;
        })
        .toArray(String[]::new);
  }

  private static void prepare(Path place) throws IOException {
    model(place, 17);
    write(place, "workload.yaml", WORKLOAD);
    write(place, "recipe.yaml", "- simplify\n");
    write(place, "examples.jsonl", lines("{\"x\": [%d, 1, 0, 2]}\n"));
    write(place, "texts.jsonl", lines("{\"text\": \"text %d\"}\n"));
  }

  static String lines(String format) {
    return IntStream.range(0, 300).mapToObj(format::formatted).collect(Collectors.joining());
  }

  /** {@code x[batch,4] → MatMul → y[batch,3]}. */
  static void model(Path place, long opset) {
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

  /** A folder of one model, as the server takes it. */
  static void repository(Path place) throws IOException {
    Path version = Files.createDirectories(place.resolve("models/m/1"));
    Files.copy(place.resolve("model.onnx"), version.resolve("model.onnx"));
  }

  static void cut(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length / 2));
  }

  static void write(Path place, String name, String text) throws IOException {
    Files.writeString(place.resolve(name), text, UTF_8);
  }

  static void replace(Path place, String old, String by) throws IOException {
    assertThat(WORKLOAD).contains(old);
    write(place, "workload.yaml", WORKLOAD.replace(old, by));
  }

  static void rename(Path place, String old, String by) throws IOException {
    replace(place, "tensors: [" + old + "]", "tensors: [" + by + "]");
    Path data = place.resolve("examples.jsonl");
    Files.writeString(data, Files.readString(data).replace("\"" + old + "\"", "\"" + by + "\""));
  }

  static void text(Path place, @org.jspecify.annotations.Nullable String tokenizer)
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
   * Every file with its content's digest, and every folder. The study's own journal folder is
   * hidden and may appear.
   */
  private static Map<String, String> snapshot(Path place) throws IOException {
    try (Stream<Path> files = Files.walk(place)) {
      Map<String, String> digests = new TreeMap<>();
      files
          .filter(file -> !place.relativize(file).startsWith(".hasten"))
          .forEach(file -> digests.put(place.relativize(file).toString(), digest(file)));
      return digests;
    }
  }

  private static String digest(Path file) {
    if (Files.isDirectory(file)) {
      return "folder";
    }
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
