package dev.hasten.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CtcDecoderTest {
  @TempDir Path folder = Path.of(".");

  /** Scores whose best class at each step is the given one; -1: no number at all. */
  private static NdArray scores(int classes, int[]... best) {
    int steps = best[0].length;
    float[] scores = new float[best.length * steps * classes];
    for (int row = 0; row < best.length; row++) {
      for (int step = 0; step < steps; step++) {
        for (int c = 0; c < classes; c++) {
          int winner = best[row][step];
          scores[(row * steps + step) * classes + c] =
              winner < 0 ? Float.NaN : c == winner ? 0.9f : 0.1f / (c + 1);
        }
      }
    }
    return NdArray.floats(scores, best.length, steps, classes);
  }

  private List<String> read(CtcSpec spec, NdArray scores) throws Exception {
    Files.writeString(folder.resolve("keys.txt"), "a\nb\nß\n");
    Map<String, NdArray> texts = CtcDecoder.open(spec, folder).decode(Map.of("y", scores));
    return Tiny.get(texts, InputPipeline.TEXT).strings();
  }

  @Test
  void mergesRepetitionsAndLeavesBlanksOut() throws Exception {
    CtcSpec spec = CtcSpec.of("keys.txt").withSpace();
    assertThat(
            read(
                spec,
                scores(
                    5,
                    new int[] {1, 1, 0, 1, 2, 2, 3},
                    new int[] {0, 0, 0, 0, 0, 0, 0},
                    new int[] {3, 4, 4, 0, 4, 1, -1})))
        .containsExactly("aabß", "", "ß  a");
  }

  @Test
  void theBlankMayBeTheLast() throws Exception {
    assertThat(read(new CtcSpec("keys.txt", 3, false), scores(4, new int[] {0, 3, 0, 1})))
        .containsExactly("aab");
  }

  @Test
  void saysWhatDoesNotFit() {
    assertThatThrownBy(() -> read(CtcSpec.of("keys.txt"), scores(5, new int[] {1})))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("output y: float[1, 1, 5] (expected: [batch, steps, 4]");
    assertThatThrownBy(() -> read(new CtcSpec("keys.txt", 4, false), scores(4, new int[] {1})))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("blank: 4 (expected: 0 to 3");
    assertThatThrownBy(() -> CtcDecoder.open(CtcSpec.of("none.txt"), folder))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("none.txt cannot be read");
  }
}
