package dev.hasten.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The ONNX project's node tests as the oracle: what they declare of their outputs against what is
 * inferred, and what they compute in the runtime before and after raising the opset.
 */
class OnnxNodeModelsTest {
  private static final Path ROOT =
      Path.of(
          Objects.requireNonNullElse(
              System.getenv("HASTEN_ONNX_TESTDATA"), "/usr/share/libonnx-testdata/data"));

  @BeforeEach
  void needsTheModels() {
    assumeTrue(
        Files.isDirectory(ROOT.resolve("node")),
        "no ONNX node tests at "
            + ROOT
            + "; install the Debian package libonnx-testdata or set HASTEN_ONNX_TESTDATA");
  }

  /** Read without what they declare of their outputs, so that inference has to find it. */
  @Test
  void declaredOutputsAreInferred() throws IOException {
    List<String> contradictions = new ArrayList<>();
    Map<String, Integer> unknown = new TreeMap<>();
    int known = 0;
    int total = 0;
    for (Path folder : models()) {
      Model model = read(folder);
      if (model == null) {
        continue;
      }
      ShapeInference.infer(model)
          .contradictions()
          .forEach(c -> contradictions.add(folder.getFileName() + ": " + c));
      Shapes blind = ShapeInference.inferUndeclared(model);
      for (Value output : model.graph().outputs()) {
        if (output.producer() != null && output.type() != null && output.shape() != null) {
          total++;
          if (matches(output, blind)) {
            known++;
          } else {
            unknown.merge(output.producer().opType(), 1, Integer::sum);
          }
        }
      }
    }
    assertThat(contradictions).isEmpty();
    assertThat(total).isGreaterThan(900);
    assertThat(known)
        .as("outputs inferred, of %s; not: %s", total, unknown)
        .isGreaterThanOrEqualTo(900);
  }

  private static boolean matches(Value output, Shapes blind) {
    Shape declared = Objects.requireNonNull(output.shape());
    Shape found = blind.shape(output);
    if (found == null || blind.type(output) != output.type() || found.rank() != declared.rank()) {
      return false;
    }
    for (int i = 0; i < found.rank(); i++) {
      boolean same = found.dim(i).equals(declared.dim(i));
      if (!same && declared.dim(i).isFixed()) {
        return false;
      }
    }
    return true;
  }

  @Test
  void convertedModelsComputeTheSame() throws IOException, OrtException {
    List<String> wrong = new ArrayList<>();
    Map<String, Integer> counts = new TreeMap<>();
    for (Path folder : models()) {
      Model model = read(folder);
      if (model == null || !model.opsets().keySet().equals(Set.of(""))) {
        continue;
      }
      for (long opset : new long[] {13, 17, 19, 21, 26}) {
        if (model.opset() == opset) {
          continue;
        }
        String way = model.opset() < opset ? "raised" : "lowered";
        Model converted;
        try {
          converted = OpsetConverter.convert(model, opset);
        } catch (ModelException e) {
          counts.merge(way + " refused", 1, Integer::sum);
          continue;
        }
        String problem = compare(folder, model, converted);
        if (problem != null) {
          counts.merge(way, 1, Integer::sum);
          if (!problem.isEmpty()) {
            wrong.add(folder.getFileName() + " " + model.opset() + "→" + opset + ": " + problem);
          }
        }
      }
    }
    System.out.println("opset conversions compared in the runtime: " + counts);
    assertThat(wrong).isEmpty();
    assertThat(counts.getOrDefault("raised", 0)).isGreaterThan(1800);
    assertThat(counts.getOrDefault("lowered", 0)).isGreaterThan(100);
  }

  /** Null if the runtime can't run the original, empty if both agree. */
  private static @org.jspecify.annotations.Nullable String compare(
      Path folder, Model model, Model raised) throws IOException, OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setSessionLogLevel(ai.onnxruntime.OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      Map<String, OnnxTensor> inputs;
      try (OrtSession before = environment.createSession(model.toBytes(), options)) {
        inputs = NodeTestInputs.read(environment, folder, before.getInputNames());
        try (OrtSession.Result expected = before.run(inputs);
            OrtSession after = environment.createSession(raised.toBytes(), options);
            OrtSession.Result actual = after.run(inputs)) {
          return difference(expected, actual);
        } catch (OrtException e) {
          return String.valueOf(e.getMessage());
        } finally {
          inputs.values().forEach(OnnxTensor::close);
        }
      } catch (OrtException | UnsupportedOperationException e) {
        return null;
      }
    }
  }

  private static String difference(OrtSession.Result expected, OrtSession.Result actual)
      throws OrtException {
    for (int i = 0; i < expected.size(); i++) {
      OnnxValue a = expected.get(i);
      OnnxValue b = actual.get(i);
      if (a instanceof OnnxTensor && b instanceof OnnxTensor) {
        assertThat(b.getInfo().toString()).isEqualTo(a.getInfo().toString());
        Object left = a.getValue();
        Object right = b.getValue();
        if (!Objects.deepEquals(left, right) && !isClose((OnnxTensor) a, (OnnxTensor) b)) {
          return "output " + i + " differs";
        }
      }
    }
    return "";
  }

  /** Another opset may bring another kernel, which sums in another order. */
  private static boolean isClose(OnnxTensor a, OnnxTensor b) {
    FloatBuffer left = a.getFloatBuffer();
    FloatBuffer right = b.getFloatBuffer();
    if (left == null || right == null || left.remaining() != right.remaining()) {
      return false;
    }
    while (left.hasRemaining()) {
      float x = left.get();
      float y = right.get();
      if (Float.compare(x, y) != 0 && !(Math.abs(x - y) <= 1e-5f * Math.max(1, Math.abs(x)))) {
        return false;
      }
    }
    return true;
  }

  private static @org.jspecify.annotations.Nullable Model read(Path folder) {
    try {
      return Model.read(folder.resolve("model.onnx"));
    } catch (ModelException e) {
      // Older than what Hasten reads; the reader's own tests look at those.
      return null;
    }
  }

  private static List<Path> models() throws IOException {
    List<Path> out = new ArrayList<>();
    for (String family : List.of("node", "simple", "pytorch-operator", "pytorch-converted")) {
      Path folder = ROOT.resolve(family);
      if (Files.isDirectory(folder)) {
        try (Stream<Path> all = Files.list(folder)) {
          all.filter(p -> Files.exists(p.resolve("model.onnx"))).sorted().forEach(out::add);
        }
      }
    }
    return out;
  }
}
