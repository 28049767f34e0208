package dev.hasten.measure;

import java.util.Set;

/** F1 per class, averaged over the classes that occur as a label or as an answer. */
final class MacroF1 implements Metric {
  @Override
  public String name() {
    return "f1";
  }

  @Override
  public String meaning() {
    return "harmonic mean of precision and recall per class, averaged over classes";
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
    int classes = sample.candidate().width();
    int[] labels = Labels.classes(sample, name(), classes);
    long[] right = new long[classes];
    long[] answered = new long[classes];
    long[] labelled = new long[classes];
    for (int i = 0; i < labels.length; i++) {
      int answer = Vectors.argMax(sample.candidate().row(i));
      answered[answer]++;
      labelled[labels[i]]++;
      right[answer] += answer == labels[i] ? 1 : 0;
    }
    double sum = 0;
    int occurring = 0;
    for (int c = 0; c < classes; c++) {
      if (answered[c] + labelled[c] > 0) {
        sum += 2.0 * right[c] / (answered[c] + labelled[c]);
        occurring++;
      }
    }
    return Score.of(sum / occurring);
  }
}
