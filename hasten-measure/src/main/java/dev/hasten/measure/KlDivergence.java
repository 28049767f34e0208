package dev.hasten.measure;

import java.util.OptionalDouble;
import java.util.Set;

/**
 * Mean Kullback-Leibler divergence of the candidate's distribution from the original's, in nats.
 */
final class KlDivergence implements Metric {
  /** A probability below this is rounding: it must not make the divergence infinite. */
  private static final double LEAST = 1e-9;

  @Override
  public String name() {
    return "kl";
  }

  @Override
  public String meaning() {
    return "mean Kullback-Leibler divergence from the original's class probabilities, in nats; 0 is"
        + " the same distribution";
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
    return Set.of(OutputKind.SCORES);
  }

  @Override
  public OptionalDouble originalScore() {
    return OptionalDouble.of(0);
  }

  @Override
  public Score score(Sample sample) {
    // Whether rows are probabilities is the model's property, so the original decides for both.
    boolean logits = !sample.original().rows().stream().allMatch(Vectors::isDistribution);
    double[] scores = new double[sample.size()];
    for (int i = 0; i < scores.length; i++) {
      double[] p = probabilities(sample.original().row(i), logits);
      double[] q = probabilities(sample.candidate().row(i), logits);
      double sum = 0;
      for (int c = 0; c < p.length; c++) {
        sum += p[c] * Math.log(p[c] / q[c]);
      }
      scores[i] = Math.max(0, sum);
    }
    return Score.mean(scores);
  }

  private static double[] probabilities(float[] row, boolean logits) {
    double[] result = new double[row.length];
    double top = logits ? row[Vectors.argMax(row)] : 0;
    double sum = 0;
    for (int i = 0; i < row.length; i++) {
      result[i] = Math.max(logits ? Math.exp(row[i] - top) : row[i], LEAST);
      sum += result[i];
    }
    for (int i = 0; i < row.length; i++) {
      result[i] /= sum;
    }
    return result;
  }
}
