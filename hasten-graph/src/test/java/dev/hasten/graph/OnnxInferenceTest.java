package dev.hasten.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/**
 * Ours against the ONNX project's own inference on its own test models, value by value. The answers
 * come from {@code bench/peers/onnx_inference.py}; other answers and models are compared with
 * {@code -Dhasten.inference.answers=FILE -Dhasten.inference.models=FOLDER}.
 */
class OnnxInferenceTest {
  /** The body of the loop declares a rank that nothing but its declaration shows. */
  private static final List<String> EXCEPTIONS = List.of("test_loop13_seq/model.onnx");

  private static Path models() {
    Path folder =
        Path.of(
            Objects.requireNonNullElse(
                System.getenv("HASTEN_ONNX_TESTDATA"), "/usr/share/libonnx-testdata/data"));
    assumeThat(Files.isDirectory(folder))
        .as("no ONNX test data in %s: install libonnx-testdata or set HASTEN_ONNX_TESTDATA", folder)
        .isTrue();
    return folder;
  }

  @Test
  void noValueIsLessPreciseOrContradicts() throws IOException, URISyntaxException {
    String file = System.getProperty("hasten.inference.answers");
    String folder = System.getProperty("hasten.inference.models");
    Path answers =
        file != null
            ? Path.of(file)
            : Path.of(
                Objects.requireNonNull(getClass().getResource("/onnx-inference.txt")).toURI());
    InferenceAnswers compared = InferenceAnswers.read(answers);
    compared.compare(folder != null ? Path.of(folder) : models());
    System.out.println("inference against ONNX's: " + compared.counts());
    assertThat(compared.counts()).isNotEmpty();
    assertThat(compared.findings())
        .filteredOn(finding -> EXCEPTIONS.stream().noneMatch(finding::contains))
        .isEmpty();
  }

  /**
   * With every length of every input but 1 replaced by a symbol, what is inferred comes to the
   * declared shapes once the symbols have their numbers again.
   */
  @Test
  void symbolicShapesEvaluateToTheDeclaredOnes() throws IOException {
    List<String> wrong = new ArrayList<>();
    int exact = 0;
    for (Path file : TestModels.onnxTestData()) {
      Model model;
      try {
        model = Model.read(file).copy();
      } catch (ModelException e) {
        continue;
      }
      Map<String, Dim> numbers = Symbols.replace(model);
      Shapes shapes = ShapeInference.inferUndeclared(model);
      for (Value output : model.graph().outputs()) {
        Shape declared = output.shape();
        Shape found = shapes.shape(output);
        if (declared == null || found == null || output.producer() == null) {
          continue;
        }
        Shape evaluated = found.substitute(numbers);
        if (evaluated.equals(declared)) {
          exact++;
        } else if (!agrees(evaluated, declared)) {
          wrong.add(file + ": " + output + ": " + found + " → " + evaluated);
        }
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(exact).isGreaterThan(900);
  }

  private static boolean agrees(Shape found, Shape declared) {
    if (found.rank() != declared.rank()) {
      return false;
    }
    for (int i = 0; i < found.rank(); i++) {
      if (found.dim(i).isFixed()
          && declared.dim(i).isFixed()
          && !found.dim(i).equals(declared.dim(i))) {
        return false;
      }
    }
    return true;
  }

  /** Gives lengths names: equal lengths the same one. */
  private static final class Symbols {
    private Symbols() {}

    static Map<String, Dim> replace(Model model) {
      Map<String, Dim> numbers = new java.util.HashMap<>();
      for (Value input : model.graph().inputs()) {
        Shape shape = input.shape();
        DataType type = input.type();
        if (shape == null || type == null || !input.isTensor() || input.isInitializer()) {
          continue;
        }
        List<Dim> dims = new ArrayList<>();
        for (Dim dim : shape.dims()) {
          if (dim instanceof Dim.Fixed(long size) && size > 1) {
            numbers.put("n" + size, dim);
            dims.add(Dim.of("n" + size));
          } else {
            dims.add(dim);
          }
        }
        model.graph().setType(input, type, new Shape(dims));
      }
      return numbers;
    }
  }
}
