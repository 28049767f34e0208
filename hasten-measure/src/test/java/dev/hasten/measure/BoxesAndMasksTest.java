package dev.hasten.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.hasten.runtime.BadInputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Held against pycocotools and scikit-learn; see {@code src/test/python/boxes_golden.py}. */
class BoxesAndMasksTest {
  private static List<JsonNode> golden(String name) {
    try {
      ObjectMapper json = new ObjectMapper();
      List<JsonNode> lines = new ArrayList<>();
      Path file = Path.of("src/test/resources/dev/hasten/measure", name);
      for (String line : Files.readAllLines(file)) {
        lines.add(json.readTree(line));
      }
      return lines;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<JsonNode> boxes() {
    return golden("boxes.jsonl");
  }

  static List<JsonNode> masks() {
    return golden("masks.jsonl");
  }

  private static float[] floats(JsonNode numbers) {
    List<Float> all = new ArrayList<>();
    collect(numbers, all);
    float[] row = new float[all.size()];
    for (int i = 0; i < row.length; i++) {
      row[i] = all.get(i);
    }
    return row;
  }

  private static void collect(JsonNode node, List<Float> to) {
    if (node.isNumber()) {
      to.add(node.floatValue());
    } else {
      node.forEach(child -> collect(child, to));
    }
  }

  @ParameterizedTest
  @MethodSource("boxes")
  void countsBoxesAsCoco(JsonNode scenes) {
    List<float[]> rows = new ArrayList<>();
    List<String> labels = new ArrayList<>();
    scenes.get("found").forEach(found -> rows.add(floats(found)));
    scenes.get("truth").forEach(truth -> labels.add(truth.toString()));
    Outputs outputs = new Outputs(OutputKind.BOXES, rows);
    Sample sample = Sample.labeled(outputs, outputs, labels);
    Map.of("map", "map", "map@0.5", "map50", "map@0.75", "map75")
        .forEach((name, field) ->
            assertThat(Metrics.compare(Metrics.byName(name), sample).candidate())
                .as(name)
                .isCloseTo(scenes.get(field).doubleValue(), within(1e-12)));
  }

  @ParameterizedTest
  @MethodSource("masks")
  void countsPixelsAsScikitLearn(JsonNode mask) {
    Outputs outputs = new Outputs(OutputKind.SCORES, List.of(floats(mask.get("scores"))));
    Sample sample = Sample.labeled(outputs, outputs, List.of(mask.get("label").toString()));
    assertThat(Metrics.compare(Metrics.byName("iou"), sample).candidate())
        .isCloseTo(mask.get("iou").doubleValue(), within(1e-12));
  }

  @Test
  void readsLogitsClassNumbersAndVoidPixels() {
    assertThat(iou("[[0, 1], [1, 255]]", -3, 2, -1, 9)).isCloseTo((0.5 + 0.5) / 2, within(1e-12));
    assertThat(iou("[0, 2, 2, -1]", 0, 2, 1, 7)).isCloseTo((1 + 0 + 0.5) / 3, within(1e-12));
    assertThatThrownBy(() -> iou("[0, 1, 1]", 1, 0))
        .hasMessageContaining("has 3 pixels, the answer 2 numbers");
    assertThatThrownBy(() -> iou("[0, x]", 1, 0)).hasMessageContaining("holds `x`");
  }

  private static double iou(String label, float... row) {
    Outputs outputs = new Outputs(OutputKind.VALUES, List.of(row));
    return Metrics.compare(Metrics.byName("iou"), Sample.labeled(outputs, outputs, List.of(label)))
        .candidate();
  }

  @Test
  void saysWhatIsNoBox() {
    Outputs outputs = new Outputs(OutputKind.BOXES, List.of(new float[] {0, 0, 4, 4, 1, 0}));
    Outputs odd = new Outputs(OutputKind.BOXES, List.of(new float[] {0, 0, 4, 4}));
    refuses(Sample.labeled(odd, odd, List.of("[]")), "has 4 numbers (expected: six per box");
    refuses(
        Sample.labeled(outputs, outputs, List.of("[[1, 2, 3]]")), "five or six numbers per box");
    refuses(Sample.labeled(outputs, outputs, List.of("[[1, 2, 3, 4, cat]]")), "holds `cat`");
  }

  private static void refuses(Sample sample, String message) {
    assertThatThrownBy(() -> Metrics.compare(Metrics.byName("map"), sample))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining(message);
  }
}
