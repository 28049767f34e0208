package dev.hasten.measure;

import dev.hasten.runtime.BadInputException;
import java.util.Set;

/** Mean squared error against numeric labels. */
final class SquaredError implements Metric {
  @Override
  public String name() {
    return "mse";
  }

  @Override
  public String meaning() {
    return "mean squared difference between the answer and the label";
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
    return Set.of(OutputKind.VALUES);
  }

  @Override
  public Score score(Sample sample) {
    double[] answers = singles(sample, name());
    double[] labels = Labels.numbers(sample, name());
    double[] scores = new double[labels.length];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = (answers[i] - labels[i]) * (answers[i] - labels[i]);
    }
    return Score.mean(scores);
  }

  /** The candidate's answers, one number each. */
  static double[] singles(Sample sample, String metric) {
    if (sample.candidate().width() != 1) {
      throw new BadInputException(
          "metric %s: answers of %d numbers (expected: one number each)"
              .formatted(metric, sample.candidate().width()));
    }
    return sample.candidate().rows().stream().mapToDouble(row -> row[0]).toArray();
  }
}
