package dev.hasten.measure;

import java.util.Set;

/** Share of examples whose label is among the {@code k} best-scored classes. */
record TopAccuracy(int k) implements Metric {
  @Override
  public String name() {
    return k == 1 ? "accuracy" : "top-" + k;
  }

  @Override
  public String meaning() {
    return k == 1
        ? "share of examples whose best-scored class is the label"
        : "share of examples whose label is among the " + k + " best-scored classes";
  }

  @Override
  public boolean needsLabels() {
    return true;
  }

  @Override
  public Set<OutputKind> kinds() {
    return Set.of(OutputKind.SCORES);
  }

  @Override
  public Score score(Sample sample) {
    int[] labels = Labels.classes(sample, name(), sample.candidate().width());
    double[] scores = new double[labels.length];
    for (int i = 0; i < scores.length; i++) {
      float[] row = sample.candidate().row(i);
      int before = 0;
      for (int c = 0; c < row.length; c++) {
        boolean ahead = row[c] > row[labels[i]] || (row[c] == row[labels[i]] && c < labels[i]);
        before += ahead ? 1 : 0;
      }
      scores[i] = before < k ? 1 : 0;
    }
    return Score.mean(scores);
  }
}
