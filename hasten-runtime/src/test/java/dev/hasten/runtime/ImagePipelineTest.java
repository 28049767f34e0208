package dev.hasten.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImagePipelineTest {
  private static final List<Double> MEAN = List.of(0.485, 0.456, 0.406);
  private static final List<Double> STD = List.of(0.229, 0.224, 0.225);
  private static final List<Double> HALF = List.of(0.5);

  private static TensorInfo input(ElementType type, long... shape) {
    return new TensorInfo("x", type, Tiny.shape(shape), List.of("", "", "", ""));
  }

  private static final TensorInfo FREE = input(ElementType.FLOAT, -1, 3, -1, -1);

  private static InputPipeline open(PipelineSpec spec, TensorInfo input, int threads) {
    return InputPipeline.open(spec, Path.of("."), List.of(input), threads);
  }

  private static void gives(PipelineSpec spec, TensorInfo input, String golden, Example... images) {
    NdArray wanted = ImageGolden.get("whole/" + golden);
    for (int threads : new int[] {1, 3}) {
      try (InputPipeline pipeline = open(spec, input, threads)) {
        NdArray made = Tiny.get(pipeline.encode(List.of(images)), "x");
        assertThat(made.shape()).isEqualTo(wanted.shape());
        assertThat(largestDifference(made.toFloats(), wanted.toFloats())).isLessThan(1e-6);
      }
    }
  }

  /** The sample table is computed in double, NumPy's formulas in float. */
  private static double largestDifference(float[] a, float[] b) {
    double largest = 0;
    for (int i = 0; i < a.length; i++) {
      largest = Math.max(largest, Math.abs(a[i] - b[i]));
    }
    return largest;
  }

  @Test
  void doesAsTorchvisionsClassifiers() {
    PipelineSpec.Image spec =
        PipelineSpec.Image.of(new Fit.Shortest(32))
            .withCrop(27, 27)
            .withNormalization(1 / 255.0, MEAN, STD);
    gives(
        spec,
        input(ElementType.FLOAT, -1, 3, 27, 27),
        "classification",
        ImageGolden.example("color"));
  }

  @Test
  void doesAsYoloLetterboxes() {
    PipelineSpec.Image spec =
        PipelineSpec.Image.of(new Fit.Inside(53, 53, true))
            .withResampling(ImageLibrary.OPENCV, Resampling.BILINEAR)
            .withPadding(114);
    gives(spec, FREE, "letterbox", ImageGolden.example("color"));
  }

  private static PipelineSpec.Image recognition() {
    return PipelineSpec.Image.of(new Fit.Height(24, 40, Optional.empty()))
        .withColors(Colors.BGR)
        .withResampling(ImageLibrary.OPENCV, Resampling.BILINEAR)
        .withNormalization(1 / 255.0, HALF, HALF);
  }

  @Test
  void doesAsPaddlesRecognition() {
    gives(
        recognition(),
        FREE,
        "recognition",
        ImageGolden.example("color"),
        ImageGolden.example("harsh"),
        ImageGolden.example("wide"));
  }

  @Test
  void doesAsPaddlesDetection() {
    PipelineSpec.Image spec =
        PipelineSpec.Image.of(new Fit.Multiple(Optional.of(100), Optional.empty(), 32))
            .withColors(Colors.BGR)
            .withResampling(ImageLibrary.OPENCV, Resampling.BILINEAR)
            .withNormalization(1 / 255.0, MEAN, STD);
    gives(spec, FREE, "detection", ImageGolden.example("page"));
  }

  @Test
  void makesPlainBytesWithChannelsLast() {
    PipelineSpec.Image spec =
        PipelineSpec.Image.of(new Fit.Stretch(19, 13))
            .withResampling(ImageLibrary.PILLOW, Resampling.BICUBIC)
            .withLayout(ChannelOrder.NHWC)
            .withNormalization(1, List.of(), List.of());
    try (InputPipeline pipeline = open(spec, input(ElementType.UINT8, -1, 13, 19, 3), 1)) {
      Map<String, NdArray> made = pipeline.encode(List.of(ImageGolden.example("color")));
      assertThat(made.get("x")).isEqualTo(ImageGolden.get("whole/nhwc"));
    }
  }

  @Test
  void groupsWhatCanShareARun() {
    Example color = ImageGolden.example("color");
    Example page = ImageGolden.example("page");
    Example gray = ImageGolden.example("gray");
    try (InputPipeline pipeline = open(recognition(), FREE, 1)) {
      assertThat(BatchPlan.of(List.of(page, color, gray, page), pipeline, 2))
          .containsExactly(List.of(1, 2), List.of(0, 3));
      assertThat(pipeline.length(color)).isEqualTo(40);
      assertThat(pipeline.length(page)).isEqualTo(64);
    }
    PipelineSpec natural = PipelineSpec.Image.of(new Fit.Natural());
    try (InputPipeline pipeline = open(natural, FREE, 1)) {
      assertThat(BatchPlan.of(List.of(page, color, gray, page), pipeline, 8))
          .containsExactly(List.of(0, 3), List.of(1), List.of(2));
      assertThatThrownBy(() -> pipeline.encode(List.of(page, color)))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining("images of 110×41 and 60×44 pixels in one batch");
    }
    TensorInfo one = input(ElementType.FLOAT, 1, 3, -1, -1);
    try (InputPipeline pipeline = open(recognition(), one, 1)) {
      assertThat(BatchPlan.of(List.of(page, color), pipeline, 8)).hasSize(2);
      assertThatThrownBy(() -> pipeline.encode(List.of(page, color)))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining("2 in one run (expected: 1, the model takes x float[1,3,?,?])");
    }
  }

  @Test
  void refusesModelsThatTakeSomethingElse() {
    PipelineSpec.Image spec = PipelineSpec.Image.of(new Fit.Stretch(224, 224));
    refuses(
        spec, input(ElementType.FLOAT, -1, 224, 224, 3), "(expected on axis 1 of NCHW: 3 channels");
    refuses(
        spec, input(ElementType.FLOAT, -1, 3, 256, 224), "(expected on axis 2 of NCHW: 224 rows");
    refuses(spec, input(ElementType.FLOAT, -1, 3, -1), "(expected: four axes, NCHW)");
    refuses(spec, input(ElementType.UINT8, -1, 3, 224, 224), "(expected: input.scale 1, no mean");
    refuses(spec, input(ElementType.INT64, -1, 3, 224, 224), "(expected: an image of float");
    refuses(spec, input(ElementType.FLOAT, 8, 3, 224, 224), "(expected: a batch axis that is free");
    assertThatThrownBy(() -> InputPipeline.open(spec, Path.of("."), List.of(FREE, FREE)))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("expected: one input, the image");
  }

  private static void refuses(PipelineSpec spec, TensorInfo input, String message) {
    assertThatThrownBy(() -> open(spec, input, 1))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining(message);
  }

  @Test
  void refusesThinImagesThatWouldGrowTooLarge() {
    NdArray pixels = NdArray.of(ElementType.UINT8, ByteBuffer.allocate(30_000), 10_000, 1, 3);
    grows(new Fit.Shortest(256), pixels, "resized to 256×2560000 (expected: at most 100000000");
    grows(new Fit.Shortest(1_000_000), pixels, "resized to 1000000×10000000000 (expected: ");
    grows(
        new Fit.Multiple(Optional.empty(), Optional.of(256), 32),
        pixels,
        "resized to 256×2560000 (expected: at most 100000000");
  }

  private static void grows(Fit fit, NdArray pixels, String message) {
    Example thin = Example.image(pixels);
    try (InputPipeline pipeline = open(PipelineSpec.Image.of(fit), FREE, 1)) {
      assertThatThrownBy(() -> pipeline.encode(List.of(thin)))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining("image of 1×10000 pixels: " + message);
    }
  }

  @Test
  void aBadImageInABatchIsNamed() {
    try (InputPipeline pipeline = open(recognition(), FREE, 3)) {
      List<Example> batch = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        batch.add(ImageGolden.example("color"));
      }
      batch.set(13, Example.image("nothing".getBytes(java.nio.charset.StandardCharsets.UTF_8)));
      assertThatThrownBy(() -> pipeline.encode(batch))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining("image of 7 bytes: not an image");
    }
  }

  @Test
  void aBundleAnswersFilesOfAnySizeInOrder(@TempDir Path folder) throws Exception {
    Path model = Files.write(folder.resolve("m"), Tiny.means());
    PipelineSpec spec =
        PipelineSpec.Image.of(new Fit.Multiple(Optional.of(40), Optional.empty(), 8));
    Path bundle = folder.resolve("bundle.zip");
    Bundle.write(bundle, BundleManifest.of("means", spec), Map.of("model.onnx", model));
    Path file = Files.write(folder.resolve("a.png"), ImageGolden.file("png-rgb"));
    List<Example> examples =
        List.of(
            Example.image(file),
            ImageGolden.example("page"),
            Example.image(ImageGolden.file("jpeg-turned-6")),
            ImageGolden.example("color"));
    try (Predictor predictor = Predictor.open(bundle)) {
      assertThat(predictor.bundle().pipeline()).isEqualTo(spec);
      List<Prediction> answers = predictor.predict(examples);
      try (InputPipeline pipeline = open(spec, FREE, 1)) {
        for (int i = 0; i < examples.size(); i++) {
          NdArray x = Tiny.get(pipeline.encode(List.of(examples.get(i))), "x");
          assertThat(
                  largestDifference(Tiny.get(answers.get(i).outputs(), "y").toFloats(), means(x)))
              .isLessThan(1e-5);
        }
      }
    }
  }

  private static float[] means(NdArray x) {
    float[] values = x.toFloats();
    int plane = values.length / 3;
    float[] means = new float[3];
    for (int c = 0; c < 3; c++) {
      double sum = 0;
      for (int i = 0; i < plane; i++) {
        sum += values[c * plane + i];
      }
      means[c] = (float) (sum / plane);
    }
    return means;
  }
}
