package dev.hasten.graph;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The exporter's MiniLM, as it stands: every shape and the cost, against the runtime. */
class MiniLmShapesTest {
  private static final Model MODEL = read();
  private static final Shapes SHAPES = ShapeInference.infer(MODEL);

  static Model read() {
    try (InputStream in =
        Objects.requireNonNull(
            MiniLmShapesTest.class.getResourceAsStream("/all-minilm-l6-v2.onnx"))) {
      return Model.read(in.readAllBytes(), "all-minilm-l6-v2.onnx");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void everyValueIsKnownInTheDeclaredSymbolsAlone() {
    assertThat(SHAPES.unknown()).isEmpty();
    assertThat(SHAPES.complete()).isTrue();
    assertThat(SHAPES.contradictions()).isEmpty();
    Set<String> symbols = new TreeSet<>();
    for (Node node : MODEL.graph().nodes()) {
      for (Value value : node.outputs()) {
        shape(value).dims().forEach(dim -> symbols.addAll(dim.symbols()));
      }
    }
    assertThat(symbols).containsExactly("batch_size", "sequence_length");
  }

  @Test
  void everyShapeIsTheRuntimesAtTwoBindings() throws OrtException {
    Model probe = MODEL.copy();
    for (Node node : probe.graph().nodes()) {
      for (Value value : node.outputs()) {
        // Constants need no probe, and the runtime refuses outputs without a type.
        Value original = MODEL.graph().value(value.name());
        if (!value.isOutput() && !node.is("Constant")) {
          probe
              .graph()
              .setType(value, Objects.requireNonNull(SHAPES.type(original)), shape(original));
          probe.graph().addOutput(value);
        }
      }
    }
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.NO_OPT);
      options.setIntraOpNumThreads(1);
      try (OrtSession session = environment.createSession(probe.toBytes(), options)) {
        compare(environment, session, 1, 7);
        compare(environment, session, 3, 5);
      }
    }
  }

  private static void compare(OrtEnvironment environment, OrtSession session, int batch, int length)
      throws OrtException {
    Map<String, Long> bindings =
        Map.of("batch_size", (long) batch, "sequence_length", (long) length);
    Map<String, OnnxTensor> inputs = new HashMap<>();
    for (String name : session.getInputNames()) {
      long[][] ids = new long[batch][length];
      for (long[] row : ids) {
        Arrays.fill(row, 1);
      }
      inputs.put(name, OnnxTensor.createTensor(environment, ids));
    }
    Map<String, String> wrong = new LinkedHashMap<>();
    int compared = 0;
    try (OrtSession.Result result = session.run(inputs)) {
      for (var output : result) {
        long[] real = ((TensorInfo) output.getValue().getInfo()).getShape();
        Value value = MODEL.graph().value(output.getKey());
        List<Long> ours = shape(value).eval(bindings);
        compared++;
        if (!ours.equals(Arrays.stream(real).boxed().toList())) {
          wrong.put(value.name(), ours + " but really " + Arrays.toString(real));
        }
      }
    } finally {
      inputs.values().forEach(OnnxTensor::close);
    }
    assertThat(wrong).isEmpty();
    assertThat(compared).isGreaterThan(480);
  }

  @Test
  void costIsTheHandFormulas() {
    Map<String, Long> at = Map.of("batch_size", 1L, "sequence_length", 128L);
    long products = 0;
    long all = 0;
    List<String> unknown = new ArrayList<>();
    for (Node node : MODEL.graph().nodes()) {
      OpFacts facts = OpFacts.of(node, SHAPES);
      if (!facts.known()) {
        unknown.add(node.toString());
      }
      all += facts.flops().eval(at);
      if (facts.kind() == OpFacts.Kind.CONTRACTION) {
        products += facts.flops().eval(at);
      }
    }
    long s = 128;
    long h = 384;
    long perLayer = 4 * 2 * s * h * h + 2 * 2 * s * s * h + 2 * 2 * s * h * 4 * h;
    assertThat(unknown).isEmpty();
    assertThat(products).isEqualTo(6 * perLayer);
    assertThat(all).isBetween(products, products + products / 50);
  }

  @Test
  void headsAreDigitsOfTheHiddenAxis() {
    Node split =
        MODEL.graph().nodes().stream()
            .filter(n -> n.is("Reshape") && shape(n.output()).rank() == 4)
            .findFirst()
            .orElseThrow();
    OpFacts facts = OpFacts.of(split, SHAPES);
    assertThat(facts.flow(0, 2).sources()).containsExactly(new AxisFlow.Digit(0, 2, Dim.of(32)));
    assertThat(facts.flow(0, 3).sources()).containsExactly(new AxisFlow.Digit(0, 2, Dim.ONE));
  }

  @Test
  void productsContractTheirInnerAxes() {
    Node product =
        MODEL.graph().nodes().stream()
            .filter(n -> n.is("MatMul") && shape(n.output()).rank() == 3)
            .findFirst()
            .orElseThrow();
    OpFacts facts = OpFacts.of(product, SHAPES);
    assertThat(facts.contractions()).containsExactly(new OpFacts.Contraction(0, 2, 1, 0));
    assertThat(facts.flow(0, 1).sources()).containsExactly(new AxisFlow.Identity(0, 1));
    assertThat(facts.flow(0, 2).sources()).containsExactly(new AxisFlow.Identity(1, 1));
  }

  private static Shape shape(Value value) {
    return Objects.requireNonNull(SHAPES.shape(value), value.name());
  }
}
