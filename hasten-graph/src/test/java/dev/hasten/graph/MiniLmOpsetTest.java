package dev.hasten.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** MiniLM of opset 11, raised, computes the same in the runtime. */
class MiniLmOpsetTest {
  private static final Model MODEL = MiniLmShapesTest.read();
  private static final float[] EXPECTED = run(MODEL);

  @ParameterizedTest
  @ValueSource(longs = {12, 13, 17, 18, 21})
  void computesTheSame(long opset) {
    Model raised = OpsetConverter.convert(MODEL, opset);
    assertThat(raised.opset()).isEqualTo(opset);
    assertThat(raised.irVersion()).isBetween(6L, 10L);
    float[] actual = run(raised);
    assertThat(actual).hasSameSizeAs(EXPECTED);
    for (int i = 0; i < actual.length; i++) {
      assertThat(actual[i]).isCloseTo(EXPECTED[i], within(1e-5f));
    }
    assertThat(ShapeInference.infer(raised).complete()).isTrue();
    assertThat(MODEL.opset()).isEqualTo(11);
  }

  @Test
  void refusesOlderAndUnknownOpsets() {
    assertThatThrownBy(() -> OpsetConverter.convert(MODEL, 10))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("opset: 10 (expected: from the model's own, 11, to 21)");
    assertThatThrownBy(() -> OpsetConverter.convert(MODEL, 22)).isInstanceOf(ModelException.class);
  }

  private static float[] run(Model model) {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    Random random = new Random(7);
    int batch = 2;
    int length = 9;
    Map<String, OnnxTensor> inputs = new HashMap<>();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      try (OrtSession session = environment.createSession(model.toBytes(), options)) {
        for (String name : session.getInputNames()) {
          long[][] ids = new long[batch][length];
          for (long[] row : ids) {
            for (int i = 0; i < length; i++) {
              row[i] =
                  name.equals("input_ids")
                      ? 1000 + random.nextInt(20_000)
                      : name.equals("attention_mask") ? 1 : 0;
            }
          }
          inputs.put(name, OnnxTensor.createTensor(environment, ids));
        }
        try (OrtSession.Result result = session.run(inputs)) {
          FloatBuffer buffer = ((OnnxTensor) result.get(0)).getFloatBuffer();
          float[] out = new float[buffer.remaining()];
          buffer.get(out);
          return out;
        }
      }
    } catch (OrtException e) {
      throw new AssertionError(e);
    } finally {
      inputs.values().forEach(OnnxTensor::close);
    }
  }
}
