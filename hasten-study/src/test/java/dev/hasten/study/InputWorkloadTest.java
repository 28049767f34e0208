package dev.hasten.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hasten.measure.Content;
import dev.hasten.measure.DataFormat;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.Colors;
import dev.hasten.runtime.Fit;
import dev.hasten.runtime.ImageLibrary;
import dev.hasten.runtime.MelSpec;
import dev.hasten.runtime.MelStyle;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.runtime.Resampling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The {@code input:} and {@code data:} sections beyond text. */
class InputWorkloadTest {
  @TempDir Path folder = Path.of(".");

  @BeforeEach
  void files() throws IOException {
    Files.writeString(folder.resolve("model.onnx"), "");
    Files.writeString(folder.resolve("labels.csv"), "file,class\n");
  }

  private Workload read(String input, String data) throws IOException {
    String yaml = "model: model.onnx\ninput: %s\ndata: %s\n".formatted(input, data);
    return Workload.read(Files.writeString(folder.resolve("workload.yaml"), yaml));
  }

  private void refuses(String input, String data, String message) {
    assertThatThrownBy(() -> read(input, data))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining(message);
  }

  @Test
  void readsImages() throws IOException {
    Workload workload =
        read(
            "{type: image, colors: bgr, like: opencv, padding: 114, scale: 1, mean: [1, 2, 3.5],"
                + " resize: {fit: height, height: 48, minWidth: 320, method: area}}",
            "{path: labels.csv, image: file, label: class}");
    assertThat(workload.pipeline())
        .isEqualTo(
            PipelineSpec.Image.of(new Fit.Height(48, 320, Optional.empty()))
                .withColors(Colors.BGR)
                .withResampling(ImageLibrary.OPENCV, Resampling.AREA)
                .withPadding(114)
                .withNormalization(1, List.of(1.0, 2.0, 3.5), List.of()));
    assertThat(workload.data().getFirst().content()).isEqualTo(new Content.Image("file"));
    assertThat(PipelineSpec.parse(workload.pipeline().toMap())).isEqualTo(workload.pipeline());
  }

  @Test
  void namesWhatIsWrongWithImages() {
    String data = "{path: labels.csv, image: file}";
    refuses("{type: image}", "{path: labels.csv}", "'image' is missing: name the field");
    refuses(
        "{type: image}",
        "{path: labels.csv, image: file, text: t}",
        "'t' (expected: no text field, input.type is image)");
    refuses("{type: image, resize: {fit: shortest, size: 0}}", data, "workload.yaml:2:");
    refuses("{type: image, colours: rgb}", data, "colours");
    refuses(
        "{type: image, resize: {fit: shortest, size: 9, method: area}}",
        data,
        "input.resize.method: area (expected one of");
  }

  @Test
  void readsHowTextsAreDecoded() throws IOException {
    Files.writeString(folder.resolve("keys.txt"), "a\nb\n");
    String data = "{path: labels.csv, image: file, label: class}";
    Workload workload =
        read("{type: image, decode: {type: ctc, characters: keys.txt, space: true}}", data);
    assertThat(workload.pipeline().files())
        .containsExactly(Map.entry("characters.txt", "keys.txt"));
    assertThat(workload.pipeline().bundled().files())
        .containsExactly(Map.entry("characters.txt", "characters.txt"));
    refuses(
        "{type: image, decode: {type: ctc, characters: none.txt}}",
        data,
        "input.decode.characters: 'none.txt': no such file");
    refuses("{type: image, decode: {type: ctc}}", data, "'characters' is missing");
  }

  @Test
  void readsRecordings() throws IOException {
    Files.createDirectories(folder.resolve("words/yes"));
    Workload workload =
        read(
            "{type: audio, rate: 16000, seconds: 30, mel: {like: whisper, bands: 128}}",
            "{path: words, audio: file, label: class}");
    assertThat(workload.pipeline())
        .isEqualTo(
            PipelineSpec.Audio.wave()
                .withSeconds(30)
                .withMel(new MelSpec(MelStyle.WHISPER, 400, 160, 128, 0, Optional.empty(), false)));
    assertThat(workload.data().getFirst().format()).isEqualTo(DataFormat.FOLDER);
    assertThat(workload.data().getFirst().content()).isEqualTo(new Content.Audio("file"));
    refuses(
        "{type: audio}", "{path: labels.csv, image: file}", "no image field, input.type is audio");
    refuses("{type: audio, seconds: 0}", "{path: words, audio: file}", "workload.yaml:2:");
  }

  @Test
  void theSchemaForEditorsIsThisOne() throws IOException {
    assertThat(Files.readString(Path.of("../docs/workload.schema.json")))
        .isEqualTo(Workload.schema());
  }
}
