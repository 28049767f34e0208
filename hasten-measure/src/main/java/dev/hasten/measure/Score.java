package dev.hasten.measure;

import java.util.Optional;

/**
 * A metric's score over a set of examples.
 *
 * @param value the score
 * @param perExample scores of the single examples, of which {@code value} is the mean; empty for a
 *     metric that exists only over a set (F1, AUC, rank correlation)
 */
public record Score(double value, Optional<double[]> perExample) {
  /** A score of the set as a whole. */
  public static Score of(double value) {
    return new Score(value, Optional.empty());
  }

  /** The mean of per-example scores. */
  public static Score mean(double[] perExample) {
    double sum = 0;
    for (double score : perExample) {
      sum += score;
    }
    return new Score(sum / perExample.length, Optional.of(perExample));
  }
}
