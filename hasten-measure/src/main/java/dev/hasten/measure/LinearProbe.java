package dev.hasten.measure;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Accuracy of a linear classifier on the vectors: what they still tell about the labels. Each
 * model's own vectors of {@link Sample#fit()} train its classifier, a ridge regression on one
 * column of ±1 per class (deterministic, solved exactly).
 */
final class LinearProbe implements Metric {
  @Override
  public String name() {
    return "linear-probe";
  }

  @Override
  public String meaning() {
    return "accuracy of a linear classifier trained on the model's vectors of other examples";
  }

  @Override
  public boolean needsLabels() {
    return true;
  }

  @Override
  public boolean needsFit() {
    return true;
  }

  @Override
  public Set<OutputKind> kinds() {
    return Set.of(OutputKind.EMBEDDING);
  }

  @Override
  public Score score(Sample sample) {
    Sample fit = sample.fit().orElseThrow();
    Set<String> sorted = new TreeSet<>();
    for (int i = 0; i < fit.size(); i++) {
      sorted.add(Labels.of(fit, i));
    }
    Map<String, Integer> classes = new LinkedHashMap<>();
    sorted.forEach(label -> classes.put(label, classes.size()));
    int[] targets = new int[fit.size()];
    for (int i = 0; i < targets.length; i++) {
      targets[i] = classes.getOrDefault(Labels.of(fit, i), -1);
    }
    RidgeClassifier classifier =
        RidgeClassifier.fit(fit.candidate().rows(), targets, classes.size());
    double[] scores = new double[sample.size()];
    for (int i = 0; i < scores.length; i++) {
      // A label that the classifier never saw can't be right.
      int label = classes.getOrDefault(Labels.of(sample, i), -1);
      scores[i] = classifier.predict(sample.candidate().row(i)) == label ? 1 : 0;
    }
    return Score.mean(scores);
  }
}
