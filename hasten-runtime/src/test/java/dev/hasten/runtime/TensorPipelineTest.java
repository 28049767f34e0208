package dev.hasten.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TensorPipelineTest {
  private static final List<TensorInfo> INPUTS =
      List.of(
          new TensorInfo("x", ElementType.FLOAT, List.of(-1L, 8L), List.of("n", "")),
          new TensorInfo("k", ElementType.INT64, List.of(-1L), List.of("n")));

  private static Example example(int seed) {
    Map<String, NdArray> batch = Tiny.inputs(1, seed);
    return Example.tensors(
        Map.of("x", Tiny.get(batch, "x").row(0), "k", Tiny.get(batch, "k").row(0)));
  }

  @Test
  void stacksExamplesAlongANewAxis() {
    InputPipeline pipeline = new TensorPipeline(new PipelineSpec.Tensors(true), INPUTS);
    Map<String, NdArray> encoded = pipeline.encode(List.of(example(1), example(2)));
    assertThat(encoded.get("x")).hasToString("float[2, 8]");
    assertThat(encoded.get("k")).isEqualTo(NdArray.longs(new long[] {1, 2}, 2));
  }

  @Test
  void bringsNumbersToTheModelsTypes() {
    InputPipeline pipeline = new TensorPipeline(new PipelineSpec.Tensors(false), INPUTS);
    Example example =
        Example.tensors(
            Map.of("x", NdArray.doubles(new double[8], 1, 8), "k", NdArray.ints(new int[] {3}, 1)));
    Map<String, NdArray> encoded = pipeline.encode(List.of(example));
    assertThat(encoded.get("x")).hasToString("float[1, 8]");
    assertThat(encoded.get("k")).isEqualTo(NdArray.longs(new long[] {3}, 1));
  }

  @Test
  void refusesWhatDoesNotFit() {
    InputPipeline pipeline = new TensorPipeline(new PipelineSpec.Tensors(true), INPUTS);
    NdArray x = NdArray.floats(new float[8], 8);
    NdArray k = NdArray.longs(new long[] {1}).reshape();
    refuses(pipeline, "tensor k is missing (expected: x float[n,8]", Map.of("x", x));
    refuses(pipeline, "tensor z is not an input", Map.of("x", x, "k", k, "z", x));
    refuses(pipeline, "tensor x is missing", Map.of());
    refuses(
        pipeline,
        "shapes float[8] and float[7] in one batch",
        Map.of("x", x, "k", k),
        Map.of("x", NdArray.floats(new float[7], 7), "k", k));
    assertThatThrownBy(() -> pipeline.encode(List.of(Example.text("words"))))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("expected: tensors");
  }

  @SafeVarargs
  private static void refuses(
      InputPipeline pipeline, String message, Map<String, NdArray>... examples) {
    List<Example> list = Arrays.stream(examples).map(Example::tensors).toList();
    assertThatThrownBy(() -> pipeline.encode(list))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining(message);
  }

  @Test
  void aPredictorAnswersRaggedTensorsInOrder(@TempDir Path folder) throws Exception {
    Path model = Files.write(folder.resolve("m"), Tiny.texts());
    Path bundle = folder.resolve("bundle");
    Bundle.write(
        bundle,
        BundleManifest.of("texts", new PipelineSpec.Tensors(true)),
        Map.of("model.onnx", model));
    try (Predictor predictor = Predictor.open(bundle)) {
      List<Example> ragged =
          List.of(texts("a", "b"), texts("c"), texts("d", "e"), texts("f", "g", "h"));
      assertThat(predictor.predict(ragged))
          .extracting(p -> Tiny.get(p.outputs(), "t").strings())
          .containsExactly(
              List.of("a", "b"), List.of("c"), List.of("d", "e"), List.of("f", "g", "h"));
    }
  }

  private static Example texts(String... texts) {
    return Example.tensors(Map.of("s", NdArray.strings(List.of(texts), texts.length)));
  }
}
