package dev.hasten.measure;

import java.util.OptionalDouble;
import java.util.Set;

/** Mean squared difference from the original's values, in units of their variance. */
final class Deviation implements Metric {
  @Override
  public String name() {
    return "deviation";
  }

  @Override
  public String meaning() {
    return "mean squared difference from the original's values, as a share of their variance; 0 is"
        + " equal, 1 is no better than always answering the mean";
  }

  @Override
  public Direction direction() {
    return Direction.LOWER_IS_BETTER;
  }

  @Override
  public boolean needsLabels() {
    return false;
  }

  @Override
  public Set<OutputKind> kinds() {
    return Set.of(OutputKind.VALUES, OutputKind.SCORES, OutputKind.EMBEDDING);
  }

  @Override
  public OptionalDouble originalScore() {
    return OptionalDouble.of(0);
  }

  @Override
  public Score score(Sample sample) {
    int width = sample.original().width();
    double[] mean = new double[width];
    for (float[] row : sample.original().rows()) {
      for (int c = 0; c < width; c++) {
        mean[c] += row[c] / (double) sample.size();
      }
    }
    double variance = 0;
    double[] scores = new double[sample.size()];
    for (int i = 0; i < scores.length; i++) {
      float[] before = sample.original().row(i);
      float[] after = sample.candidate().row(i);
      for (int c = 0; c < width; c++) {
        double fromMean = before[c] - mean[c];
        double difference = (double) after[c] - before[c];
        variance += fromMean * fromMean / scores.length;
        scores[i] += difference * difference;
      }
    }
    // Constant outputs have no variance to compare with: the plain squared difference remains.
    for (int i = 0; variance > 0 && i < scores.length; i++) {
      scores[i] /= variance;
    }
    return Score.mean(scores);
  }
}
