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
  @ValueSource(longs = {12, 13, 17, 18, 21, 23, 26})
  void computesTheSame(long opset) {
    Model raised = OpsetConverter.convert(MODEL, opset);
    assertThat(raised.opset()).isEqualTo(opset);
    assertThat(raised.irVersion()).isBetween(6L, 13L);
    float[] actual = run(raised);
    assertThat(actual).hasSameSizeAs(EXPECTED);
    for (int i = 0; i < actual.length; i++) {
      assertThat(actual[i]).isCloseTo(EXPECTED[i], within(1e-5f));
    }
    assertThat(ShapeInference.infer(raised).complete()).isTrue();
    assertThat(MODEL.opset()).isEqualTo(11);
  }

  /** Up and down again: what was raised without using anything newer comes back exactly. */
  @ParameterizedTest
  @ValueSource(longs = {18, 26})
  void comesBackDown(long opset) {
    Model lowered = OpsetConverter.convert(OpsetConverter.convert(MODEL, opset), 12);
    assertThat(lowered.opset()).isEqualTo(12);
    assertThat(lowered.irVersion()).isLessThanOrEqualTo(7);
    float[] actual = run(lowered);
    for (int i = 0; i < actual.length; i++) {
      assertThat(actual[i]).isCloseTo(EXPECTED[i], within(1e-5f));
    }
  }

  @Test
  void refusesUnknownOpsets() {
    assertThatThrownBy(() -> OpsetConverter.convert(MODEL, 6))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("opset: 6 (expected: 7 to 26)");
    assertThatThrownBy(() -> OpsetConverter.convert(MODEL, 27)).isInstanceOf(ModelException.class);
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
