package dev.hasten.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AudioPipelineTest {
  private static final Golden GOLDEN = Golden.of("/audio.npz");

  private static TensorInfo input(String name, ElementType type, long... shape) {
    return new TensorInfo(name, type, Tiny.shape(shape), List.of());
  }

  private static final TensorInfo WAVE = input("x", ElementType.FLOAT, -1, -1);
  private static final TensorInfo MEL = input("x", ElementType.FLOAT, -1, -1, -1);

  private static InputPipeline open(PipelineSpec spec, TensorInfo... inputs) {
    return InputPipeline.open(spec, Path.of("."), List.of(inputs), 2);
  }

  private static Example sound() {
    return Example.audio(GOLDEN.get("sound").toFloats(), 16_000);
  }

  private static double[] encode(PipelineSpec spec, TensorInfo input, Example example) {
    try (InputPipeline pipeline = open(spec, input)) {
      return Tiny.get(pipeline.encode(List.of(example)), "x").toDoubles();
    }
  }

  static List<String> files() {
    return GOLDEN.below("file").stream().map(name -> name.substring(5)).toList();
  }

  @ParameterizedTest
  @MethodSource("files")
  void readsWavFiles(String name) {
    double[] wanted = GOLDEN.get("decoded/" + name).toDoubles();
    Sound read = WavFile.read(name, GOLDEN.file(name)).mono();
    assertThat(read.rate()).isEqualTo(8000);
    assertThat(Golden.largestDifference(read.samples(), wanted)).isLessThan(1e-15);
  }

  static List<String> rates() {
    return GOLDEN.below("resampled").stream().map(name -> name.substring(10)).toList();
  }

  @ParameterizedTest
  @MethodSource("rates")
  void resamplesAsSciPyDoes(String rates) {
    int from = Integer.parseInt(rates.substring(0, rates.indexOf('-')));
    int to = Integer.parseInt(rates.substring(rates.indexOf('-') + 1));
    double[] samples = Arrays.copyOf(GOLDEN.get("sound").toDoubles(), 700);
    Sound resampled = Resampler.resample(new Sound(samples, from), to);
    double[] wanted = GOLDEN.get("resampled/" + rates).toDoubles();
    assertThat(Golden.largestDifference(resampled.samples(), wanted)).isLessThan(1e-12);
  }

  @Test
  void transformsAnySize() {
    Random random = new Random(3);
    for (int size : new int[] {2, 3, 8, 30, 49, 97, 400}) {
      double[] in = random.doubles(size, -1, 1).toArray();
      double[] power = new Fft(size).power(in);
      for (int k = 0; k < power.length; k++) {
        double re = 0;
        double im = 0;
        for (int n = 0; n < size; n++) {
          re += in[n] * Math.cos(2 * Math.PI * k * n / size);
          im -= in[n] * Math.sin(2 * Math.PI * k * n / size);
        }
        assertThat(power[k])
            .isCloseTo(re * re + im * im, org.assertj.core.api.Assertions.within(1e-9));
      }
    }
  }

  @Test
  void doesAsWhispersFeatureExtractor() {
    double[] made =
        encode(PipelineSpec.Audio.wave().withSeconds(1).withMel(MelSpec.whisper()), MEL, sound());
    assertThat(Golden.largestDifference(made, GOLDEN.get("mel/whisper").toDoubles()))
        .isLessThan(2e-6);
  }

  @Test
  void doesAsLibrosa() {
    MelSpec spec =
        new MelSpec(MelStyle.LIBROSA, 512, 160, 40, 50, java.util.Optional.of(7000.0), false);
    double[] made = encode(PipelineSpec.Audio.wave().withMel(spec), MEL, sound());
    assertThat(Golden.largestDifference(made, GOLDEN.get("mel/librosa").toDoubles()))
        .isLessThan(1e-4);
    Example shorter = Example.audio(Arrays.copyOf(GOLDEN.get("sound").toFloats(), 900), 16_000);
    double[] few = encode(PipelineSpec.Audio.wave().withMel(MelSpec.librosa()), MEL, shorter);
    assertThat(Golden.largestDifference(few, GOLDEN.get("mel/librosa-short").toDoubles()))
        .isLessThan(1e-4);
  }

  @Test
  void framesFirstIsTheTransposed() {
    MelSpec bands = MelSpec.whisper();
    MelSpec frames = new MelSpec(MelStyle.WHISPER, 400, 160, 80, 0, bands.highest(), true);
    double[] a = encode(PipelineSpec.Audio.wave().withMel(bands), MEL, sound());
    double[] b = encode(PipelineSpec.Audio.wave().withMel(frames), MEL, sound());
    int count = a.length / 80;
    for (int f = 0; f < count; f++) {
      for (int m = 0; m < 80; m++) {
        assertThat(b[f * 80 + m]).isEqualTo(a[m * count + f]);
      }
    }
  }

  @Test
  void normalizesWaves() {
    double[] made = encode(PipelineSpec.Audio.wave().withNormalize(true), WAVE, sound());
    assertThat(Golden.largestDifference(made, GOLDEN.get("normalized").toDoubles()))
        .isLessThan(1e-6);
  }

  @Test
  void padsOnlyWhereTheModelIsTold() {
    Example one = Example.audio(new float[] {1, 0.5f, 0.25f}, 16_000);
    Example two = Example.audio(new float[] {-1}, 16_000);
    TensorInfo lengths = input("n", ElementType.INT64, -1);
    TensorInfo mask = input("m", ElementType.INT32, -1, -1);
    PipelineSpec spec = PipelineSpec.Audio.wave();
    try (InputPipeline pipeline = open(spec, WAVE, lengths)) {
      assertThat(BatchPlan.of(List.of(one, two), pipeline, 8)).hasSize(1);
      assertThat(pipeline.encode(List.of(one, two)))
          .containsEntry("x", NdArray.floats(new float[] {1, 0.5f, 0.25f, -1, 0, 0}, 2, 3))
          .containsEntry("n", NdArray.longs(new long[] {3, 1}, 2));
    }
    try (InputPipeline pipeline = open(spec, input("x", ElementType.FLOAT, -1, 1, -1), mask)) {
      assertThat(pipeline.encode(List.of(one, two)))
          .containsEntry("x", NdArray.floats(new float[] {1, 0.5f, 0.25f, -1, 0, 0}, 2, 1, 3))
          .containsEntry("m", NdArray.ints(new int[] {1, 1, 1, 1, 0, 0}, 2, 3));
    }
    try (InputPipeline pipeline = open(spec, WAVE)) {
      assertThat(BatchPlan.of(List.of(one, two, one), pipeline, 8))
          .containsExactly(List.of(0, 2), List.of(1));
      assertThat(pipeline.length(one)).isEqualTo(3);
    }
  }

  @Test
  void knowsTheLengthFromTheHead(@TempDir Path folder) throws Exception {
    Path file = Files.write(folder.resolve("a.wav"), GOLDEN.file("pcm-24"));
    try (InputPipeline pipeline = open(PipelineSpec.Audio.wave(), WAVE)) {
      Example example = Example.audio(file);
      assertThat(pipeline.length(example)).isEqualTo(602);
      assertThat(Tiny.get(pipeline.encode(List.of(example)), "x")).hasToString("float[1, 602]");
      assertThat(pipeline.encode(List.of(Example.audio(GOLDEN.file("pcm-24")))))
          .isEqualTo(pipeline.encode(List.of(example)));
    }
  }

  @Test
  void saysWhatDoesNotFit(@TempDir Path folder) throws Exception {
    PipelineSpec.Audio wave = PipelineSpec.Audio.wave();
    assertThatThrownBy(() -> open(wave, input("x", ElementType.INT64, -1, -1)))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("expected: sound, as float[batch,samples]");
    assertThatThrownBy(
            () -> open(wave.withMel(MelSpec.whisper()), input("x", ElementType.FLOAT, -1, 128, -1)))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("(expected on axis 1: 80, as input.mel.bands says)");
    refuses(
        wave.withMaxSeconds(1),
        Example.audio(new float[9000], 8000),
        "1.1 s (expected: at most 1 s");
    refuses(
        wave,
        Example.audio(new float[9], 999_983),
        "999983 samples per second (expected: 1000 to 768000, or input.rate, which is 16000)");
    refuses(wave, Example.audio(new float[9], 999), "999 samples per second");
    refuses(wave, Example.text("a"), "example: a text (expected: a recording");
    refuses(wave, Example.audio(folder.resolve("none.wav")), "none.wav: no such file");
    refuses(
        wave,
        Example.audio("RIFF    WAVELIST".getBytes(StandardCharsets.US_ASCII)),
        "audio of 16 bytes: holds no data");
    byte[] compressed = GOLDEN.file("pcm-16");
    compressed[20] = 6;
    refuses(wave, Example.audio(compressed), "format 6 with 16 bits (expected: linear samples");
    refuses(wave.withMel(MelSpec.whisper()), Example.audio(new float[9], 16_000), "9 samples");
  }

  private static void refuses(PipelineSpec.Audio spec, Example example, String message) {
    TensorInfo input = spec.mel().isPresent() ? MEL : WAVE;
    try (InputPipeline pipeline = open(spec, input)) {
      assertThatThrownBy(() -> pipeline.encode(List.of(example)))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining(message);
    }
  }

  /** Whatever the damage: sound, or an error that names it. */
  @ParameterizedTest
  @MethodSource("files")
  void survivesDamage(String name) {
    byte[] file = GOLDEN.file(name);
    Random random = new Random(9);
    for (int i = 0; i < 200; i++) {
      byte[] damaged = i % 4 == 0 ? Arrays.copyOf(file, random.nextInt(file.length)) : file.clone();
      for (int k = 0; k < 3 && i % 4 != 0; k++) {
        damaged[random.nextInt(60)] = (byte) random.nextInt();
      }
      try {
        assertThat(WavFile.read("it", damaged).mono().samples().length)
            .isLessThanOrEqualTo(file.length);
      } catch (BadInputException e) {
        assertThat(e).hasMessageStartingWith("it: ");
      }
    }
  }

  @Test
  void aBundleAnswersRecordings(@TempDir Path folder) throws Exception {
    Path model = Files.write(folder.resolve("m"), Tiny.loudest());
    PipelineSpec spec = PipelineSpec.Audio.wave().withRate(8000);
    Path bundle = folder.resolve("bundle");
    Bundle.write(bundle, BundleManifest.of("loudest", spec), Map.of("model.onnx", model));
    try (Predictor predictor = Predictor.open(bundle)) {
      assertThat(predictor.bundle().pipeline()).isEqualTo(spec);
      List<Prediction> answers =
          predictor.predict(
              List.of(
                  Example.audio(new float[] {0.1f, 0.7f, -0.9f}, 8000),
                  Example.audio(GOLDEN.file("pcm-16"))));
      assertThat(Tiny.get(answers.get(0).outputs(), "y").toFloats()).containsExactly(0.7f);
      double loudest = Arrays.stream(GOLDEN.get("decoded/pcm-16").toDoubles()).max().orElseThrow();
      assertThat(Tiny.get(answers.get(1).outputs(), "y").toFloats())
          .containsExactly((float) loudest);
    }
  }
}
