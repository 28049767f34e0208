package dev.hasten.measure;

import java.util.OptionalDouble;
import java.util.Set;

/** Mean cosine between the original's and the candidate's vectors. */
final class Cosine implements Metric {
  @Override
  public String name() {
    return "cosine";
  }

  @Override
  public String meaning() {
    return "mean cosine of the angle between the original's vector and the candidate's; 1 is the"
        + " same direction";
  }

  @Override
  public boolean needsLabels() {
    return false;
  }

  @Override
  public Set<OutputKind> kinds() {
    return Set.of(OutputKind.EMBEDDING, OutputKind.SCORES, OutputKind.VALUES);
  }

  @Override
  public OptionalDouble originalScore() {
    return OptionalDouble.of(1);
  }

  @Override
  public Score score(Sample sample) {
    double[] scores = new double[sample.size()];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = Vectors.cosine(sample.original().row(i), sample.candidate().row(i));
    }
    return Score.mean(scores);
  }
}
