package dev.hasten.graph;

import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** Models that tests share. */
final class TestModels {
  private TestModels() {}

  /** The bytes of MiniLM-L6, the sentence embedding model. */
  static byte[] miniLm() {
    try (InputStream in = TestModels.class.getResourceAsStream("/all-minilm-l6-v2.onnx")) {
      return Objects.requireNonNull(in).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The models of the ONNX project's own tests; the calling test is skipped where they are not. */
  static List<Path> onnxTestData() {
    String set = System.getenv("HASTEN_ONNX_TESTDATA");
    String roots = set == null ? "/usr/share/libonnx-testdata/data" : set;
    List<Path> out = new ArrayList<>();
    for (String root : roots.split(File.pathSeparator, -1)) {
      assumeThat(Files.isDirectory(Path.of(root)))
          .as("no ONNX test data in %s: install libonnx-testdata or set HASTEN_ONNX_TESTDATA", root)
          .isTrue();
      try (Stream<Path> files = Files.walk(Path.of(root))) {
        files.filter(f -> f.toString().endsWith(".onnx")).sorted().forEach(out::add);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return out;
  }

  /** {@code softmax(x · w + b)}, with a branch that captures the sum. */
  static Model small() {
    return GraphBuilder.opset(17)
        .input("x", DataType.FLOAT, "batch", 3)
        .input("flag", DataType.BOOL)
        .floats("w", new float[] {1, 2, 3, 4, 5, 6}, 3, 2)
        .floats("b", new float[] {0.5f, -0.5f}, 2)
        .node("product", "MatMul", "x", "w")
        .node("sum", "Add", "product", "b")
        .node("branched", "If", "flag")
        .subgraph(
            "then_branch", t -> t.node("t", "Softmax", "sum").attribute("axis", -1).outputs("t"))
        .subgraph("else_branch", e -> e.node("e", "Neg", "sum").outputs("e"))
        .output("branched", DataType.FLOAT, "batch", 2)
        .build();
  }
}
