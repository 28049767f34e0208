package dev.hasten.measure;

import java.util.OptionalDouble;
import java.util.Set;

/** Share of examples for which the candidate's best class is the original's. */
final class TopAgreement implements Metric {
  @Override
  public String name() {
    return "top-1-agreement";
  }

  @Override
  public String meaning() {
    return "share of examples whose best-scored class is the one that the original scores best";
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
    return OptionalDouble.of(1);
  }

  @Override
  public Score score(Sample sample) {
    double[] scores = new double[sample.size()];
    for (int i = 0; i < scores.length; i++) {
      int before = Vectors.argMax(sample.original().row(i));
      scores[i] = before == Vectors.argMax(sample.candidate().row(i)) ? 1 : 0;
    }
    return Score.mean(scores);
  }
}
