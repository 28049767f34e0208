package dev.hasten.measure;

import java.util.Set;

/**
 * Area under the ROC curve: the chance that a random example of a class scores above a random one
 * of another. Over more than two classes the mean of each against the rest (of those that occur).
 */
final class Auc implements Metric {
  @Override
  public String name() {
    return "auc";
  }

  @Override
  public String meaning() {
    return "chance that an example of a class scores higher for it than one of another class; 0.5"
        + " is guessing";
  }

  @Override
  public boolean needsLabels() {
    return true;
  }

  @Override
  public Set<OutputKind> kinds() {
    return Set.of(OutputKind.SCORES, OutputKind.VALUES);
  }

  @Override
  public Score score(Sample sample) {
    int width = sample.candidate().width();
    int[] labels = Labels.classes(sample, name(), Math.max(2, width));
    if (width <= 2) {
      return Score.of(area(column(sample, width - 1, width == 2), labels, 1));
    }
    double sum = 0;
    int occurring = 0;
    for (int c = 0; c < width; c++) {
      double area = area(column(sample, c, false), labels, c);
      if (!Double.isNaN(area)) {
        sum += area;
        occurring++;
      }
    }
    return Score.of(sum / occurring);
  }

  /** The scores for one class; of two logits their difference, which is what decides. */
  private static double[] column(Sample sample, int column, boolean againstFirst) {
    double[] scores = new double[sample.size()];
    for (int i = 0; i < scores.length; i++) {
      float[] row = sample.candidate().row(i);
      scores[i] = againstFirst ? (double) row[column] - row[0] : row[column];
    }
    return scores;
  }

  /** NaN where the examples are all of one side. */
  private static double area(double[] scores, int[] labels, int positive) {
    double[] ranks = Ranks.of(scores);
    double rankSum = 0;
    long positives = 0;
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] == positive) {
        rankSum += ranks[i];
        positives++;
      }
    }
    long negatives = labels.length - positives;
    return (rankSum - positives * (positives + 1) / 2.0) / ((double) positives * negatives);
  }
}
