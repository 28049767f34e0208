package dev.hasten.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PipelineSpecTest {
  @Test
  void hasDefaults() {
    assertThat(PipelineSpec.parse(Map.of("type", "text")))
        .isEqualTo(PipelineSpec.Text.of("tokenizer.json"));
    assertThat(PipelineSpec.parse(Map.of("type", "text", "pooling", "none")))
        .isEqualTo(
            PipelineSpec.Text.of("tokenizer.json").withPooling(Pooling.NONE).withNormalize(false));
    assertThat(PipelineSpec.parse(Map.of("type", "tensors")))
        .isEqualTo(new PipelineSpec.Tensors(true));
  }

  @Property(tries = 200, seed = "37")
  void comesBackFromItsMap(
      @ForAll String tokenizer,
      @ForAll @IntRange(min = 1) int maxLength,
      @ForAll @IntRange(min = 1) int padToMultiple,
      @ForAll String prefix,
      @ForAll Pooling pooling,
      @ForAll boolean normalize,
      @ForAll boolean named) {
    PipelineSpec.Text spec =
        new PipelineSpec.Text(
            tokenizer,
            maxLength,
            padToMultiple,
            prefix,
            pooling,
            normalize,
            named ? Optional.of("out") : Optional.empty());
    assertThat(PipelineSpec.parse(spec.toMap())).isEqualTo(spec);
    PipelineSpec.Tensors tensors = new PipelineSpec.Tensors(normalize);
    assertThat(PipelineSpec.parse(tensors.toMap())).isEqualTo(tensors);
  }

  @Test
  void namesTheFieldTheValueAndWhatWasExpected() {
    refuses(Map.of(), "input.type: missing (expected: a text)");
    refuses(
        Map.of("type", "video"),
        "input.type: video (expected: text, image, audio, table or tensors)");
    refuses(Map.of("type", 3), "input.type: 3 (expected: a text)");
    refuses(
        Map.of("type", "text", "maxLength", 1.5),
        "input.maxLength: 1.5 (expected: a whole number >= 1)");
    refuses(
        Map.of("type", "text", "pooling", "average"),
        "input.pooling: average (expected: one of [none, mean, cls, last])");
    refuses(
        Map.of("type", "text", "normalize", "yes"),
        "input.normalize: yes (expected: true or false)");
    refuses(
        Map.of("type", "tensors", "batchaxis", true),
        "input.batchaxis: unknown field (expected one of: [batchAxis, type])");
  }

  static List<PipelineSpec.Audio> recordings() {
    MelSpec mel = new MelSpec(MelStyle.LIBROSA, 512, 128, 40, 20, Optional.of(4000.0), true);
    return List.of(
        PipelineSpec.Audio.wave(),
        PipelineSpec.Audio.wave().withSeconds(30).withMel(MelSpec.whisper()).withMaxSeconds(60),
        PipelineSpec.Audio.wave().withRate(8000).withNormalize(true).withMel(mel),
        PipelineSpec.Audio.wave().withDecode(CtcSpec.of("letters.txt")));
  }

  @ParameterizedTest
  @MethodSource("recordings")
  void recordingsComeBackFromTheirMap(PipelineSpec.Audio spec) {
    assertThat(PipelineSpec.parse(spec.toMap())).isEqualTo(spec);
    byte[] manifest =
        ManifestJson.write(BundleManifest.of("m", spec.bundled()).withFiles(Map.of()))
            .getBytes(StandardCharsets.UTF_8);
    assertThat(ManifestJson.read("bundle.json", manifest).pipeline()).isEqualTo(spec.bundled());
  }

  @Test
  void namesWhatIsWrongWithAnAudioSection() {
    refuses(
        Map.of("type", "audio", "mel", Map.of("like", "kaldi")),
        "input.mel.like: kaldi (expected: one of [whisper, librosa])");
    refuses(
        Map.of("type", "audio", "mel", Map.of("hop", 0)),
        "input.mel.hop: 0 (expected: a whole number >= 1)");
    refuses(
        Map.of("type", "audio", "seconds", 0),
        "input.seconds: 0.0 (expected: above 0, and no more samples than an array holds)");
    refuses(
        Map.of("type", "audio", "hop", 3),
        "input.hop: unknown field (expected one of: [decode, maxSeconds, mel, normalize, rate,"
            + " seconds, type])");
  }

  static List<PipelineSpec.Image> images() {
    PipelineSpec.Image plain = PipelineSpec.Image.of(new Fit.Natural());
    return List.of(
        plain,
        PipelineSpec.Image.of(new Fit.Stretch(3, 4)).withPadding(9).withExif(false),
        PipelineSpec.Image.of(new Fit.Shortest(256)).withCrop(224, 192),
        PipelineSpec.Image.of(new Fit.Inside(640, 480, false))
            .withResampling(ImageLibrary.OPENCV, Resampling.AREA),
        PipelineSpec.Image.of(new Fit.Height(48, 320, Optional.of(1280))).withColors(Colors.BGR),
        PipelineSpec.Image.of(new Fit.Height(32, 1, Optional.empty()))
            .withMaxPixels(5_000_000_000L),
        PipelineSpec.Image.of(new Fit.Multiple(Optional.empty(), Optional.of(736), 32))
            .withLayout(ChannelOrder.NHWC)
            .withDecode(new CtcSpec("keys.txt", 3, true))
            .withNormalization(1, List.of(123.675, 116.28, 103.53), List.of(58.0)));
  }

  @ParameterizedTest
  @MethodSource("images")
  void imagesComeBackFromTheirMap(PipelineSpec.Image spec) {
    assertThat(PipelineSpec.parse(spec.toMap())).isEqualTo(spec);
    byte[] manifest =
        ManifestJson.write(BundleManifest.of("m", spec).withFiles(Map.of()))
            .getBytes(StandardCharsets.UTF_8);
    assertThat(ManifestJson.read("bundle.json", manifest).pipeline()).isEqualTo(spec);
  }

  @Test
  void namesWhatIsWrongWithAnImageSection() {
    Map<String, Object> shortest = Map.of("fit", "shortest", "size", 0);
    refuses(
        Map.of("type", "image", "resize", shortest),
        "input.resize.size: 0 (expected: a whole number >= 1)");
    refuses(
        Map.of("type", "image", "resize", Map.of("fit", "contain")),
        "input.resize.fit: contain (expected: stretch, shortest, inside, height or multiple)");
    refuses(
        Map.of(
            "type",
            "image",
            "resize",
            Map.of("fit", "height", "height", 3, "maxWidth", 2, "minWidth", 5)),
        "input.resize.maxWidth: 2 (expected: >= minWidth, which is 5)");
    refuses(
        Map.of("type", "image", "resize", Map.of("fit", "shortest", "size", 8, "width", 8)),
        "input.resize.width: unknown field (expected one of: [fit, method, size])");
    refuses(
        Map.of(
            "type",
            "image",
            "like",
            "opencv",
            "resize",
            Map.of("fit", "shortest", "size", 8, "method", "lanczos")),
        "input.resize.method: lanczos (expected one of [nearest, area, bilinear, bicubic], opencv's)");
    refuses(
        Map.of("type", "image", "decode", Map.of("type", "rnnt", "characters", "c")),
        "input.decode.type: rnnt (expected: ctc)");
    refuses(
        Map.of("type", "image", "mean", List.of(1, 2)),
        "input.mean: [1.0, 2.0] (expected: one number, or 3, one per channel)");
    refuses(Map.of("type", "image", "std", 0), "input.std: [0.0] (expected: numbers above 0)");
    refuses(Map.of("type", "image", "padding", 256), "input.padding: 256 (expected: 0 to 255)");
  }

  private static void refuses(Map<String, ?> section, String message) {
    assertThatThrownBy(() -> PipelineSpec.parse(section))
        .isInstanceOf(BadInputException.class)
        .hasMessage(message);
  }
}
