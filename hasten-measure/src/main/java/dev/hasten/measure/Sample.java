package dev.hasten.measure;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Outputs of the original and of a candidate over the same examples.
 *
 * @param original what the original model said
 * @param candidate what the candidate said, example by example in the same order
 * @param labels right answers in the same order; null where the data have none
 * @param fit outputs of both over other, labelled examples, for metrics that fit something first
 */
public record Sample(
    Outputs original, Outputs candidate, List<@Nullable String> labels, Optional<Sample> fit) {
  public Sample {
    if (candidate.size() != original.size() || labels.size() != original.size()) {
      throw new IllegalArgumentException(
          "original, candidate and labels have %d, %d and %d rows (expected: as many)"
              .formatted(original.size(), candidate.size(), labels.size()));
    }
  }

  /** Without labels. */
  public static Sample unlabeled(Outputs original, Outputs candidate) {
    return new Sample(
        original,
        candidate,
        java.util.Collections.nCopies(original.size(), null),
        Optional.empty());
  }

  /** With labels. */
  public static Sample labeled(
      Outputs original, Outputs candidate, List<? extends @Nullable String> labels) {
    return new Sample(
        original,
        candidate,
        java.util.Collections.unmodifiableList(new java.util.ArrayList<@Nullable String>(labels)),
        Optional.empty());
  }

  /** The same, with examples to fit on. */
  public Sample withFit(Sample fit) {
    return new Sample(original, candidate, labels, Optional.of(fit));
  }

  /** The original compared with itself. */
  public Sample ofOriginal() {
    return new Sample(original, original, labels, fit.map(Sample::ofOriginal));
  }

  /** How many examples. */
  public int size() {
    return original.size();
  }

  /** The examples at {@code indices}, repetitions allowed; {@code fit} stays whole. */
  public Sample subset(int[] indices) {
    java.util.ArrayList<@Nullable String> picked = new java.util.ArrayList<>(indices.length);
    for (int i : indices) {
      picked.add(labels.get(i));
    }
    return new Sample(original.subset(indices), candidate.subset(indices), picked, fit);
  }
}
