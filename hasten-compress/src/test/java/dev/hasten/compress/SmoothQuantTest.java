package dev.hasten.compress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SmoothQuantTest {
  private static final int WIDTH = 64;
  private static final int ROWS = 16;

  private final Model model =
      GraphBuilder.opset(17)
          .input("x", DataType.FLOAT, "n", WIDTH)
          .floats("w", normal(WIDTH * WIDTH, 1), WIDTH, WIDTH)
          .node("y", "MatMul", "x", "w")
          .output("y", DataType.FLOAT, "n", WIDTH)
          .build();

  private static float[] normal(int count, long seed) {
    Random random = new Random(seed);
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    return numbers;
  }

  /** Rows of noise whose every {@code step}-th channel is {@code times} as large. */
  private static Map<String, NdArray> input(long seed, int step, float times) {
    float[] rows = normal(ROWS * WIDTH, seed);
    for (int i = 0; i < rows.length; i++) {
      rows[i] *= i % WIDTH % step == 0 ? times : 1;
    }
    return Map.of("x", NdArray.floats(rows, ROWS, WIDTH));
  }

  private static float[] run(Model model, Map<String, NdArray> input) {
    try (Session session = Backend.cpu().open(model.toBytes(), "test", SessionOptions.defaults())) {
      return session.run(input).values().iterator().next().toFloats();
    }
  }

  /** Error of the integer model as a share of the original's outputs. */
  private double error(
      Map<String, NdArray> calibration, Map<String, NdArray> input, Step... steps) {
    Context context = Context.of(Sentences.VNNI).withCalibration(List.of(calibration));
    float[] expected = run(model, input);
    float[] actual = run(new Recipe(List.of(steps)).apply(model, context).model(), input);
    double error = 0;
    double all = 0;
    for (int i = 0; i < expected.length; i++) {
      error += Math.pow(expected[i] - actual[i], 2);
      all += Math.pow(expected[i], 2);
    }
    return Math.sqrt(error / all);
  }

  @Test
  void aChannelThatWakesAfterCalibrationDoesNotTakeTheWholeRange() {
    Map<String, NdArray> asleep = input(2, 3, 0);
    Map<String, NdArray> awake = input(3, 3, 1);
    double plain = error(asleep, awake, Step.of("dynamic-int8"));
    double smooth = error(asleep, awake, Step.of("smooth-quant"), Step.of("dynamic-int8"));
    assertThat(plain).isLessThan(0.02);
    assertThat(smooth).isLessThan(3 * plain);
  }

  @Test
  void outlierChannelsAreStillBalanced() {
    Map<String, NdArray> calibration = input(2, 16, 60);
    Map<String, NdArray> input = input(3, 16, 60);
    double plain = error(calibration, input, Step.of("dynamic-int8"));
    double smooth = error(calibration, input, Step.of("smooth-quant"), Step.of("dynamic-int8"));
    assertThat(smooth).isLessThan(0.8 * plain);
  }
}
