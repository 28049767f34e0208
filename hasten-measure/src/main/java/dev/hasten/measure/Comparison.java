package dev.hasten.measure;

import java.util.Optional;

/**
 * A candidate's score beside the original's.
 *
 * @param metric the metric
 * @param original the original's score (1 by definition for agreement, 0 for a divergence)
 * @param candidate the candidate's score
 * @param drops per example, how much worse the candidate is (negative: better); empty for metrics
 *     that exist only over a set
 * @param sample what was compared
 * @param notFinite how many of the candidate's rows held NaN or infinity; they were scored as zeros
 */
public record Comparison(
    Metric metric,
    double original,
    double candidate,
    Optional<double[]> drops,
    Sample sample,
    int notFinite) {
  /** How much worse the candidate is; negative if it is better. */
  public double drop() {
    return metric.direction().drop(original, candidate);
  }
}
