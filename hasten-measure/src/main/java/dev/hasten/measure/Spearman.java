package dev.hasten.measure;

import java.util.Set;

/** Rank correlation between answers and numeric labels. */
final class Spearman implements Metric {
  @Override
  public String name() {
    return "spearman";
  }

  @Override
  public String meaning() {
    return "correlation between the ranks of the answers and of the labels; 1 is the same order";
  }

  @Override
  public boolean needsLabels() {
    return true;
  }

  @Override
  public Set<OutputKind> kinds() {
    return Set.of(OutputKind.VALUES);
  }

  @Override
  public Score score(Sample sample) {
    double[] answers = SquaredError.singles(sample, name());
    double[] labels = Labels.numbers(sample, name());
    return Score.of(Ranks.correlation(Ranks.of(answers), Ranks.of(labels)));
  }
}
