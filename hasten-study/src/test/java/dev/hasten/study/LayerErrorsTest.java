package dev.hasten.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.hasten.compress.Context;
import dev.hasten.compress.Recipe;
import dev.hasten.compress.Step;
import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.measure.Hardware;
import dev.hasten.measure.Split;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import dev.hasten.study.report.LayersPage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LayerErrorsTest {
  private static final int EXAMPLES = 40;

  @TempDir Path folder;
  private Workload workload;

  @BeforeEach
  void files() throws IOException {
    workload = Workload.read(SmallStudy.write(folder));
  }

  private Path model() {
    return folder.resolve("model.onnx");
  }

  /** Five MatMuls in a row, the third with one weight so large that a byte keeps nothing else. */
  private Model withOneBadLayer() {
    Random random = new Random(3);
    GraphBuilder builder =
        GraphBuilder.opset(17).input("x", DataType.FLOAT, "batch", SmallStudy.WIDTH);
    String last = "x";
    for (int layer = 0; layer < 5; layer++) {
      float[] weights = new float[SmallStudy.WIDTH * SmallStudy.WIDTH];
      for (int i = 0; i < weights.length; i++) {
        weights[i] = (float) (random.nextGaussian() / 8);
      }
      weights[7] = layer == 2 ? 40 : weights[7];
      String out = layer == 4 ? "y" : "h" + layer;
      builder
          .floats("w" + layer, weights, SmallStudy.WIDTH, SmallStudy.WIDTH)
          .node(out, "MatMul", last, "w" + layer);
      last = out;
    }
    return builder.output("y", DataType.FLOAT, "batch", SmallStudy.WIDTH).build();
  }

  private Path quantized(Model model, Object... settings) {
    Path file = folder.resolve("int8.onnx");
    Recipe.of(Step.of("dynamic-int8", settings))
        .apply(model, Context.of(Hardware.detect()))
        .model()
        .write(file);
    return file;
  }

  private LayerErrors compare(Path other) {
    return LayerErrors.of(workload, model(), other, EXAMPLES, Progress.NONE);
  }

  @Test
  void equalModelsHaveNoErrorAndNothingIsSuggested() {
    LayerErrors errors = compare(model());
    assertThat(errors.layers()).hasSize(3);
    assertThat(errors.layers()).allSatisfy(l -> assertThat(l.decibels()).isEqualTo(150));
    assertThat(errors.suggestions()).hasSize(1);
    assertThat(errors.suggestions().getFirst().what()).contains("leave it");
  }

  @Test
  void theRatioIsThatOfTheFormula() {
    Path int8 = quantized(Model.read(model()));
    LayerErrors errors = compare(int8);
    double signal = 0;
    double noise = 0;
    try (Session a = Backend.cpu().open(model(), SessionOptions.defaults());
        Session b = Backend.cpu().open(int8, SessionOptions.defaults());
        Data data = new Data(workload, a.inputs())) {
      // The same batches: the scale of the activations is that of a whole run.
      for (var batch : data.batches(data.first(Split.VALIDATE, EXAMPLES), 8)) {
        Map<String, NdArray> inputs = data.pipeline().encode(batch);
        float[] left = Objects.requireNonNull(a.run(inputs).get("y")).toFloats();
        float[] right = Objects.requireNonNull(b.run(inputs).get("y")).toFloats();
        for (int i = 0; i < left.length; i++) {
          signal += left[i] * left[i];
          noise += (left[i] - right[i]) * (left[i] - right[i]);
        }
      }
    }
    LayerErrors.Layer last = errors.layers().getLast();
    assertThat(last.value()).isEqualTo("y");
    assertThat(last.fewBits()).isTrue();
    assertThat(last.decibels()).isCloseTo(10 * Math.log10(signal / noise), within(0.05));
    assertThat(errors.layers().get(1).operator()).isEqualTo("Relu");
    assertThat(errors.layers().get(1).fewBits()).isFalse();
    assertThat(errors.worst())
        .isNotEmpty()
        .isSortedAccordingTo((p, q) -> Double.compare(p.decibels(), q.decibels()));
  }

  @Test
  void theLayerAtFaultIsFoundAndExcludingItHelps() {
    Model bad = withOneBadLayer();
    bad.write(model());
    LayerErrors errors = compare(quantized(bad, "granularity", "per-tensor"));
    String node = Objects.requireNonNull(bad.graph().value("h2").producer()).name();
    assertThat(errors.bySteps().getFirst().node()).isEqualTo(node);
    LayerErrors.Suggestion suggestion = errors.suggestions().getFirst();
    assertThat(suggestion.recipe()).isEqualTo("exclude: [\"" + node + "\"]");
    double before = errors.layers().getLast().decibels();
    LayerErrors better =
        compare(quantized(bad, "granularity", "per-tensor", "exclude", List.of(node)));
    assertThat(better.layers().getLast().decibels()).isGreaterThan(before + 6);
    assertThat(LayersPage.html(errors)).contains("What to try", node);
  }

  @Test
  void valuesOfFilesMadeByTheRuntimesOwnToolAreMatchedToo() {
    Model qdq =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, "batch", 4)
            .floats("s", new float[] {0.02f})
            .node("x_QuantizeLinear_Output", "QuantizeLinear", "x", "s")
            .node("h_DequantizeLinear_Output", "DequantizeLinear", "x_QuantizeLinear_Output", "s")
            .output("h_DequantizeLinear_Output", DataType.FLOAT, "batch", 4)
            .build();
    Model plain =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, "batch", 4)
            .node("h", "Identity", "x")
            .output("h", DataType.FLOAT, "batch", 4)
            .build();
    LayerMatch match = new LayerMatch(plain.graph(), qdq.graph());
    assertThat(Objects.requireNonNull(match.values().get("h")).name())
        .isEqualTo("h_DequantizeLinear_Output");
    assertThat(match.fewBits("h")).isTrue();
  }

  @Test
  void modelsWithNothingInCommonAreRefused() {
    Path other = folder.resolve("other.onnx");
    GraphBuilder.opset(17)
        .input("x", DataType.FLOAT, "batch", SmallStudy.WIDTH)
        .node("z", "Neg", "x")
        .output("z", DataType.FLOAT, "batch", SmallStudy.WIDTH)
        .build()
        .write(other);
    assertThatThrownBy(() -> compare(other))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("no computed value in common");
  }
}
