package dev.hasten.runtime;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Greedy CTC: the best class of each step, repetitions merged, blanks left out. Graves et al. 2006.
 */
final class CtcDecoder {
  private final List<String> classes;
  private final int blank;

  /**
   * @param classes what each class writes; nothing for the blank
   */
  CtcDecoder(List<String> classes, int blank) {
    this.classes = List.copyOf(classes);
    this.blank = blank;
  }

  static CtcDecoder open(CtcSpec spec, Path folder) {
    Path file = folder.resolve(spec.characters());
    List<String> classes;
    try {
      classes = new ArrayList<>(Files.readAllLines(file));
    } catch (CharacterCodingException e) {
      throw new BadInputException("characters: " + file + ": not UTF-8 (expected: UTF-8)", e);
    } catch (IOException e) {
      throw new BadInputException(
          "characters: "
              + file
              + " cannot be read: "
              + AtomicFiles.reason(e)
              + " (expected: a file with one character per line)",
          e);
    }
    if (spec.space()) {
      classes.add(" ");
    }
    if (spec.blank() > classes.size()) {
      throw new BadInputException(
          "blank: "
              + spec.blank()
              + " (expected: 0 to "
              + classes.size()
              + ", as "
              + file
              + " has "
              + classes.size()
              + " characters)");
    }
    classes.add(spec.blank(), "");
    return new CtcDecoder(classes, spec.blank());
  }

  /**
   * The first of a run's outputs as texts.
   *
   * @return strings[batch], by the name {@link InputPipeline#TEXT}
   */
  Map<String, NdArray> decode(Map<String, NdArray> outputs) {
    Map.Entry<String, NdArray> first = outputs.entrySet().iterator().next();
    NdArray scores = first.getValue();
    if (scores.rank() != 3 || scores.dimension(2) != classes.size()) {
      throw new BadInputException(
          "output "
              + first.getKey()
              + ": "
              + scores
              + " (expected: [batch, steps, "
              + classes.size()
              + "], as input.decode has that many characters with the blank"
              + "; is its space missing or too many?)");
    }
    int batch = (int) scores.dimension(0);
    int steps = (int) scores.dimension(1);
    float[] all = scores.toFloats();
    List<String> texts = new ArrayList<>(batch);
    for (int i = 0; i < batch; i++) {
      texts.add(read(all, i * steps, steps));
    }
    return Map.of(InputPipeline.TEXT, NdArray.strings(texts, batch));
  }

  private String read(float[] scores, int from, int steps) {
    StringBuilder text = new StringBuilder();
    int before = blank;
    for (int step = from; step < from + steps; step++) {
      int best = best(scores, step * classes.size());
      if (best != before && best != blank) {
        text.append(classes.get(best));
      }
      before = best;
    }
    return text.toString();
  }

  /** Scores that are no numbers never win: a model that gives none writes nothing. */
  private int best(float[] scores, int from) {
    int best = blank;
    float most = Float.NEGATIVE_INFINITY;
    for (int c = 0; c < classes.size(); c++) {
      if (scores[from + c] > most) {
        most = scores[from + c];
        best = c;
      }
    }
    return best;
  }
}
