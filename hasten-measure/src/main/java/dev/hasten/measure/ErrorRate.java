package dev.hasten.measure;

import dev.hasten.runtime.BadInputException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * Edits that turn the texts into their labels, per unit of the labels: all edits over all units, so
 * that long texts count more. An example's score is its edits over the labels' mean length; the
 * mean of these scores is that quotient.
 *
 * @param units a text's characters or words
 */
record ErrorRate(String name, String unit, Function<String, List<?>> units) implements Metric {
  static ErrorRate ofCharacters() {
    return new ErrorRate("cer", "character", text -> text.codePoints().boxed().toList());
  }

  static ErrorRate ofWords() {
    return new ErrorRate(
        "wer",
        "word",
        text -> Arrays.stream(text.split("\\s+")).filter(word -> !word.isEmpty()).toList());
  }

  @Override
  public String meaning() {
    return unit + "s inserted, left out or replaced, per " + unit + " of the right text";
  }

  @Override
  public Direction direction() {
    return Direction.LOWER_IS_BETTER;
  }

  @Override
  public boolean needsLabels() {
    return true;
  }

  @Override
  public Set<OutputKind> kinds() {
    return Set.of(OutputKind.TEXT);
  }

  @Override
  public Score score(Sample sample) {
    double[] edits = new double[sample.size()];
    long length = 0;
    for (int i = 0; i < edits.length; i++) {
      List<?> right = units.apply(Labels.of(sample, i));
      List<?> read = units.apply(Texts.of(sample.candidate().row(i)));
      edits[i] = EditDistance.of(read, right);
      length += right.size();
    }
    if (length == 0) {
      throw new BadInputException(
          "metric " + name + ": the labels hold no " + unit + " (expected: texts)");
    }
    double mean = (double) length / edits.length;
    return Score.mean(Arrays.stream(edits).map(e -> e / mean).toArray());
  }
}
