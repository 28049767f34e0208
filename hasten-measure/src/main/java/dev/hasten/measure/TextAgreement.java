package dev.hasten.measure;

import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.Set;

/** Share of examples that read as with the original. */
final class TextAgreement implements Metric {
  @Override
  public String name() {
    return "text-agreement";
  }

  @Override
  public String meaning() {
    return "share of examples whose text is the original's, to the letter";
  }

  @Override
  public boolean needsLabels() {
    return false;
  }

  @Override
  public Set<OutputKind> kinds() {
    return Set.of(OutputKind.TEXT);
  }

  @Override
  public OptionalDouble originalScore() {
    return OptionalDouble.of(1);
  }

  @Override
  public Score score(Sample sample) {
    double[] same = new double[sample.size()];
    Arrays.setAll(
        same, i -> Arrays.equals(sample.original().row(i), sample.candidate().row(i)) ? 1 : 0);
    return Score.mean(same);
  }
}
