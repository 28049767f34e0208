package dev.hasten.compress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A search is offered the repairs where they apply, and there they help. */
class RepairCandidatesTest {
  private static final int CHANNELS = 16;

  /** Two convolutions; channels between them multiplied, and divided again by the second. */
  private static Model net(double largestFactor) {
    Random random = new Random(4);
    float[] first = new float[CHANNELS * 3];
    float[] second = new float[4 * CHANNELS];
    double[] factors = new double[CHANNELS];
    for (int c = 0; c < CHANNELS; c++) {
      factors[c] = c < 3 ? largestFactor : 1;
    }
    for (int i = 0; i < first.length; i++) {
      first[i] = (float) (random.nextGaussian() / factors[i / 3]);
    }
    for (int i = 0; i < second.length; i++) {
      second[i] = (float) (random.nextGaussian() * factors[i % CHANNELS]);
    }
    return GraphBuilder.opset(17)
        .input("x", DataType.FLOAT, 1, 3, 6, 6)
        .floats("w1", first, CHANNELS, 3, 1, 1)
        .node("c1", "Conv", "x", "w1")
        .node("r", "Relu", "c1")
        .floats("w2", second, 4, CHANNELS, 1, 1)
        .node("y", "Conv", "r", "w2")
        .output("y", DataType.FLOAT, 1, 4, 6, 6)
        .build();
  }

  private static List<String> names(Model model) {
    return Techniques.candidates(Sentences.VNNI, model).stream().map(Candidate::name).toList();
  }

  @Test
  void unevenNetsGetEqualizationAndTheRest() {
    assertThat(names(net(100)))
        .contains(
            "static-int8 + bias-correction",
            "equalize + static-int8",
            "equalize + static-int8 + adaround + bias-correction");
    assertThat(names(net(1)))
        .contains("static-int8 + bias-correction")
        .noneMatch(name -> name.contains("equalize"));
    assertThat(names(Sentences.model()))
        .noneMatch(name -> name.contains("equalize") || name.contains("bias-correction"));
    assertThat(Techniques.candidates(Sentences.VNNI, net(100)))
        .filteredOn(c -> c.name().startsWith("equalize"))
        .allSatisfy(c -> assertThat(c.why()).contains("'y' the largest is "))
        .allSatisfy(c -> assertThat(c.recipe().warnings()).isEmpty());
  }

  @Test
  void whatIsOfferedLosesLess() {
    Model model = net(100);
    double without = error(model, Recipe.of(Step.of("simplify"), Step.of("static-int8")));
    for (String name :
        List.of("equalize + static-int8", "equalize + static-int8 + adaround + bias-correction")) {
      assertThat(error(model, named(model, name).recipe())).as(name).isLessThan(without / 4);
    }
  }

  private static Candidate named(Model model, String name) {
    return Techniques.candidates(Sentences.VNNI, model).stream()
        .filter(c -> c.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static double error(Model model, Recipe recipe) {
    Context context = Context.of(Sentences.VNNI).withCalibration(images(8, 1));
    Model made = recipe.apply(model, context).model();
    double error = 0;
    double power = 0;
    try (Session right = open(model);
        Session found = open(made)) {
      for (Map<String, NdArray> image : images(8, 2)) {
        float[] y = right.run(image).values().iterator().next().toFloats();
        float[] z = found.run(image).values().iterator().next().toFloats();
        for (int i = 0; i < y.length; i++) {
          error += (y[i] - z[i]) * (double) (y[i] - z[i]);
          power += (double) y[i] * y[i];
        }
      }
    }
    return error / power;
  }

  private static Session open(Model model) {
    return Backend.cpu().open(model.toBytes(), "net", SessionOptions.defaults());
  }

  private static List<Map<String, NdArray>> images(int count, long seed) {
    Random random = new Random(seed);
    List<Map<String, NdArray>> images = new ArrayList<>();
    for (int n = 0; n < count; n++) {
      float[] x = new float[3 * 36];
      for (int i = 0; i < x.length; i++) {
        x[i] = (float) random.nextGaussian();
      }
      images.add(Map.of("x", NdArray.floats(x, 1, 3, 6, 6)));
    }
    return images;
  }
}
