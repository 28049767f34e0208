package dev.hasten.graph;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Where an output axis comes position by position from input axes, turning those around must turn
 * the output around and change nothing else. The ONNX project's node models and the runtime tell.
 */
class AxisFlowOracleTest {
  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final List<String> wrong = new ArrayList<>();
  private final Set<String> operators = new TreeSet<>();
  private int checked;

  @Test
  void identityFlowsTurnWithTheirInputs() throws IOException {
    for (Path file : TestModels.onnxTestData()) {
      Model model;
      try {
        model = Model.read(file);
      } catch (ModelException e) {
        continue;
      }
      boolean random = file.toString().matches(".*(bernoulli|random|training_dropout).*");
      if (model.graph().nodes().size() == 1 && !random) {
        try {
          check(file, model);
        } catch (OrtException | UnsupportedOperationException e) {
          // The runtime does not take this model, or its stored inputs are of another kind.
        }
      }
    }
    assertThat(wrong).isEmpty();
    System.out.println(
        "axes turned around in the runtime: %d, of %d operators"
            .formatted(checked, operators.size()));
    assertThat(checked).isGreaterThan(700);
    assertThat(operators).hasSizeGreaterThan(50);
  }

  private void check(Path file, Model model) throws IOException, OrtException {
    Node node = model.graph().nodes().getFirst();
    OpFacts facts = OpFacts.of(node, ShapeInference.infer(model));
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      try (OrtSession session = environment.createSession(model.toBytes(), options)) {
        for (AxisFlow flow : facts.flows()) {
          Map<String, Integer> turned = turned(node, flow);
          if (turned != null && !node.outputs().get(flow.output()).isOmitted()) {
            check(file, session, node, flow, turned);
          }
        }
      }
    }
  }

  /** The input axes to turn; null if positions come otherwise, or a parameter may lie along. */
  private static @Nullable Map<String, Integer> turned(Node node, AxisFlow flow) {
    Map<String, Integer> out = new HashMap<>();
    for (AxisFlow.Source source : flow.sources()) {
      boolean straight = source instanceof AxisFlow.Identity;
      Value input = node.input(source.input());
      if (!straight || out.put(input.name(), source.axis()) != null) {
        return null;
      }
    }
    Shape output = node.outputs().get(flow.output()).shape();
    if (out.isEmpty() || output == null || output.dim(flow.axis()).is(1)) {
      return null;
    }
    for (Value input : node.inputs()) {
      Shape shape = input == null ? null : input.shape();
      if (input != null
          && !out.containsKey(input.name())
          && shape != null
          && shape.dims().contains(output.dim(flow.axis()))) {
        return null;
      }
    }
    return out;
  }

  private void check(
      Path file, OrtSession session, Node node, AxisFlow flow, Map<String, Integer> turned)
      throws IOException, OrtException {
    String name = node.outputs().get(flow.output()).name();
    Path folder = Objects.requireNonNull(file.getParent());
    ByteBuffer expected = run(session, folder, Map.of(), name);
    ByteBuffer actual = run(session, folder, turned, name);
    if (expected == null || actual == null) {
      return;
    }
    long[] dims =
        node.outputs().get(flow.output()).shape() instanceof Shape shape && shape.isFixed()
            ? shape.eval(Map.of()).stream().mapToLong(Long::longValue).toArray()
            : null;
    if (dims == null) {
      return;
    }
    NodeTestInputs.reverse(expected, dims, flow.axis());
    checked++;
    operators.add(node.opType());
    if (!isClose(expected, actual, node, flow)) {
      wrong.add(folder.getFileName() + ": " + node + ": " + flow);
    }
  }

  private @Nullable ByteBuffer run(
      OrtSession session, Path folder, Map<String, Integer> turned, String output)
      throws IOException, OrtException {
    Map<String, OnnxTensor> inputs =
        NodeTestInputs.read(environment, folder, session.getInputNames(), turned);
    try (OrtSession.Result result = session.run(inputs)) {
      if (result.get(output).orElseThrow() instanceof OnnxTensor tensor
          && tensor.getInfo().type != OnnxJavaType.STRING) {
        ByteBuffer bytes = tensor.getByteBuffer().order(ByteOrder.nativeOrder());
        ByteBuffer copy = ByteBuffer.allocate(bytes.remaining()).order(ByteOrder.nativeOrder());
        copy.put(bytes).flip();
        return copy;
      }
      return null;
    } finally {
      inputs.values().forEach(OnnxTensor::close);
    }
  }

  /** Bytes, or floats but for the order of sums. */
  private static boolean isClose(ByteBuffer a, ByteBuffer b, Node node, AxisFlow flow) {
    if (a.equals(b)) {
      return true;
    }
    if (node.outputs().get(flow.output()).type() != DataType.FLOAT || a.limit() != b.limit()) {
      return false;
    }
    for (int i = 0; i < a.limit(); i += 4) {
      float x = a.getFloat(i);
      float y = b.getFloat(i);
      if (Float.compare(x, y) != 0 && !(Math.abs(x - y) <= 1e-4f * Math.max(1, Math.abs(x)))) {
        return false;
      }
    }
    return true;
  }
}
