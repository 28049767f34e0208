package dev.hasten.study.layers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.hasten.compress.Context;
import dev.hasten.compress.Recipe;
import dev.hasten.compress.Step;
import dev.hasten.graph.DataType;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Shape;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import dev.hasten.measure.Hardware;
import dev.hasten.measure.Row;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What a layer costs is what the runtime says of the whole model with that layer quantized. */
class LayerLabTest {
  private static final int WIDTH = 48;
  private static final List<Step> FORMATS =
      List.of(Step.of("dynamic-int8"), Step.of("static-int8", "calibrate", "min-max"));

  private final Model model = encoder();
  private final Context context = Context.of(Hardware.detect());
  private final List<Map<String, NdArray>> calibrate = List.of(input(1), input(2));
  private final List<Map<String, NdArray>> judged = List.of(input(3), input(4), input(5));

  private LayerLab lab() {
    return new LayerLab(
        model,
        FORMATS,
        context,
        new LayerLab.Inputs(calibrate, judged, input(6), new Row(1, 0, 1)),
        new LayerLab.Judge() {
          @Override
          public float[] numbers(int batch, Map<String, NdArray> outputs) {
            return outputs.values().iterator().next().toFloats();
          }

          @Override
          public double drop(List<Map<String, NdArray>> outputs) {
            return outputs.size();
          }
        });
  }

  @Test
  void layersAreWhatSharesAnInput() {
    assertThat(lab().layers())
        .extracting(Layer::nodes)
        .containsExactly(
            List.of("query0", "key0"), List.of("out0"), List.of("query1", "key1"), List.of("out1"));
    assertThat(lab().layers().getFirst().kind()).isEqualTo("2 × MatMul [48, 48]");
    assertThat(lab().layers().getFirst().weightBytes()).isEqualTo(2L * WIDTH * WIDTH * 4);
  }

  @Test
  void theErrorIsThatOfTheWholeModelWithTheLayerQuantized() {
    LayerLab lab = lab();
    for (Layer layer : lab.layers()) {
      Probe probe = lab.probe(layer);
      assertThat(probe.effects()).hasSize(2);
      assertThat(probe.time()).isPositive();
      for (Step format : FORMATS) {
        Model whole =
            Recipe.of(Mix.including(format, layer.nodes()))
                .apply(model, context.withCalibration(calibrate))
                .model();
        Probe.Effect effect = probe.effect(format.technique()).orElseThrow();
        double expected = error(outputs(model), outputs(whole));
        assertThat(expected).isPositive();
        assertThat(effect.error()).isCloseTo(expected, within(0.02 * expected));
        assertThat(effect.drop()).isEqualTo(judged.size());
        assertThat(effect.weightBytes()).isLessThan(layer.weightBytes() / 3);
      }
    }
  }

  @Test
  void layersMayBeSkippedButNotGoneBackTo() {
    LayerLab lab = lab();
    List<Layer> layers = lab.layers();
    Probe later = lab.probe(layers.get(2));
    LayerLab other = lab();
    other.probe(layers.get(0));
    Probe afterAnother = other.probe(layers.get(2));
    assertThat(later.effects())
        .extracting(Probe.Effect::error)
        .isEqualTo(afterAnother.effects().stream().map(Probe.Effect::error).toList());
    assertThatThrownBy(() -> lab.probe(layers.get(0))).hasMessageContaining("order");
  }

  private List<float[]> outputs(Model of) {
    List<float[]> outputs = new ArrayList<>();
    try (Session session = Backend.cpu().open(of.toBytes(), "test", SessionOptions.defaults())) {
      judged.forEach(b -> outputs.add(session.run(b).values().iterator().next().toFloats()));
    }
    return outputs;
  }

  private static double error(List<float[]> expected, List<float[]> found) {
    double noise = 0;
    double signal = 0;
    for (int b = 0; b < expected.size(); b++) {
      for (int i = 0; i < expected.get(b).length; i++) {
        noise += Math.pow(found.get(b)[i] - expected.get(b)[i], 2);
        signal += Math.pow(expected.get(b)[i], 2);
      }
    }
    return noise / signal;
  }

  private static Map<String, NdArray> input(long seed) {
    return Map.of("x", NdArray.floats(random(5 * WIDTH, seed, 1), 5, WIDTH));
  }

  private static float[] random(int count, long seed, double scale) {
    Random random = new Random(seed);
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) (scale * random.nextGaussian());
    }
    return numbers;
  }

  /** Two blocks: two products of one input, multiplied; a third product; a residual around all. */
  private static Model encoder() {
    Model model = Model.create(17);
    Graph graph = model.graph();
    Value x = graph.addInput("x", DataType.FLOAT, Shape.of("n", (long) WIDTH));
    for (int block = 0; block < 2; block++) {
      Value query = product(graph, x, "query" + block, 10 + block, true);
      Value key = product(graph, x, "key" + block, 20 + block, false);
      Value mixed = graph.op("mixed" + block, "Mul", List.of(query, key), Map.of());
      Value out = product(graph, mixed, "out" + block, 30 + block, true);
      x = graph.op("sum" + block, "Add", List.of(x, out), Map.of());
    }
    Value y = graph.op("y", "Tanh", List.of(x), Map.of());
    graph.setType(y, DataType.FLOAT, Shape.of("n", (long) WIDTH));
    graph.addOutput(y);
    model.validate();
    return model;
  }

  private static Value product(Graph graph, Value x, String name, long seed, boolean bias) {
    Value weight =
        graph.addInitializer(
            name + "_w", Tensor.floats(random(WIDTH * WIDTH, seed, 0.2), WIDTH, WIDTH));
    Node node = graph.add("", "MatMul", List.of(x, weight), Map.of(), List.of(name + "_y"));
    graph.rename(node, name);
    return bias
        ? graph.op(
            name + "_biased",
            "Add",
            List.of(
                node.output(),
                graph.addInitializer(name + "_b", Tensor.floats(random(WIDTH, seed, 1), WIDTH))),
            Map.of())
        : node.output();
  }
}
