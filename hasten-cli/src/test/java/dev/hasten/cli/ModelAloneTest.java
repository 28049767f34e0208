package dev.hasten.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands that take a model and nothing else. */
class ModelAloneTest {
  @TempDir Path folder;

  /** What a command came to. */
  private record Ran(int exit, String out, String err) {}

  private static Ran run(String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exit = Main.run(new PrintWriter(out), new PrintWriter(err), args);
    return new Ran(exit, out.toString(), err.toString());
  }

  private String model = "";

  @BeforeEach
  void write() {
    model = model("model.onnx", "Relu");
  }

  private String model(String name, String activation) {
    float[] weights = new float[32 * 32];
    Random random = new Random(1);
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) random.nextGaussian() / 6;
    }
    Path file = folder.resolve(name);
    GraphBuilder.opset(17)
        .input("x", DataType.FLOAT, "batch", 32)
        .floats("w", weights, 32, 32)
        .node("h", "MatMul", "x", "w")
        .node("y", activation, "h")
        .output("y", DataType.FLOAT, "batch", 32)
        .build()
        .write(file);
    return file.toString();
  }

  @Test
  void profileSaysWhatItGuessedAndWritesItsPage() throws IOException {
    Path html = folder.resolve("profile.html");
    Ran ran = run("profile", model, "--json", "--quiet", "--html", html.toString());
    assertThat(ran.exit()).as(ran.err()).isZero();
    JsonNode json = new ObjectMapper().readTree(ran.out());
    assertThat(json.at("/detail/warnings/0").asText())
        .isEqualTo("batch (x[0]) = 1, guessed: taken for a batch");
    assertThat(json.at("/profile/scaling").size()).isGreaterThan(3);
    assertThat(json.at("/detail/cost/points").size()).isGreaterThanOrEqualTo(3);
    assertThat(json.at("/detail/memory/modelBytes").asLong()).isPositive();
    assertThat(Files.readString(html)).contains("What it was run on").contains("standard normal");
  }

  @Test
  void profileRefusesWhatDoesNotFit() {
    Ran ran = run("profile", model, "--dim", "length=3", "--quiet");
    assertThat(ran.exit()).isEqualTo(2);
    assertThat(ran.err()).contains("--dim length").contains("expected: one of [batch]");
    assertThat(run("profile", folder.resolve("none.onnx").toString(), "--quiet").exit())
        .isEqualTo(2);
  }

  @Test
  void inspectDrawsAndCompares() throws IOException {
    Path html = folder.resolve("graph.html");
    Ran drawn = run("inspect", model, "--html", html.toString());
    assertThat(drawn.exit()).as(drawn.err()).isZero();
    assertThat(Files.readString(html)).contains("\"op\":\"MatMul\"").contains("graph-data");

    String other = model("other.onnx", "Sigmoid");
    Ran compared = run("inspect", "--diff", model, other, "--json");
    assertThat(compared.exit()).as(compared.err()).isZero();
    JsonNode json = new ObjectMapper().readTree(compared.out());
    assertThat(json.at("/changed/0/what/0").asText()).isEqualTo("operator Relu → Sigmoid");
    assertThat(run("inspect", "--diff", model, model).out()).contains("The models are the same.");
    assertThat(run("inspect", "--diff", model).exit()).isEqualTo(2);
    assertThat(run("inspect", model, other).err()).contains("--diff");
  }

  @Test
  void optimizePlansForAModelAlone() {
    Ran ran = run("optimize", model, "--dry-run", "--quiet");
    assertThat(ran.exit()).as(ran.err()).isZero();
    assertThat(ran.out()).contains("candidates");
    assertThat(folder.resolve("model-generated/workload.yaml")).exists();
    assertThat(folder.resolve("model-generated/generated-inputs.npz")).exists();
  }
}
