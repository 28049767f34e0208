package dev.hasten.measure;

import dev.hasten.runtime.BadInputException;
import java.util.EnumSet;
import java.util.Set;

/**
 * Masks of pixels: intersection over union (Jaccard 1901) per class, averaged over the classes that
 * occur in an example's label or answer, then over the examples. Taken per example, not over all
 * pixels at once, so that small objects count and examples can be compared in pairs (Wang et al.,
 * "Revisiting Evaluation Metrics for Semantic Segmentation", NeurIPS 2023).
 *
 * <p>A label is a list of class numbers, one per pixel, row by row; below 0, and 255 where the
 * model tells no more classes apart, pixels do not count. An answer of {@code [classes, height,
 * width]} chooses the class that scores best; of {@code [height, width]} it is the class numbers if
 * all of the original's are whole, else a probability of class 1 (above 0.5) if they lie between 0
 * and 1, else its logit (above 0).
 */
final class IntersectionOverUnion implements Metric {
  private static final int VOID = 255;
  private static final String LABEL = "a class number per pixel, as a list";

  @Override
  public String name() {
    return "iou";
  }

  @Override
  public String meaning() {
    return "intersection over union of the pixels of each class, averaged over classes and examples";
  }

  @Override
  public boolean needsLabels() {
    return true;
  }

  @Override
  public Set<OutputKind> kinds() {
    return EnumSet.of(OutputKind.SCORES, OutputKind.VALUES, OutputKind.EMBEDDING);
  }

  @Override
  public Score score(Sample sample) {
    double[] scores = new double[sample.size()];
    double threshold = threshold(sample.original());
    for (int i = 0; i < scores.length; i++) {
      double[] label = NumberLists.parse(name(), i, Labels.of(sample, i), LABEL);
      float[] row = sample.candidate().row(i);
      if (label.length == 0 || row.length % label.length != 0) {
        throw new BadInputException(
            "metric iou: the label of example %d has %d pixels, the answer %d numbers (expected: as many, or as many per class)"
                .formatted(i, label.length, row.length));
      }
      scores[i] =
          jaccard(i, label, answer(row, label.length, threshold), row.length / label.length);
    }
    return Score.mean(scores);
  }

  /** Above it is class 1; NaN: answers are class numbers. */
  private static double threshold(Outputs original) {
    boolean whole = true;
    boolean shares = true;
    for (float[] row : original.rows()) {
      for (float value : row) {
        whole &= value == Math.rint(value) && value >= 0;
        shares &= value >= 0 && value <= 1;
      }
    }
    return whole ? Double.NaN : shares ? 0.5 : 0;
  }

  private static int[] answer(float[] row, int pixels, double threshold) {
    int[] answer = new int[pixels];
    int classes = row.length / pixels;
    for (int p = 0; p < pixels; p++) {
      if (classes == 1) {
        answer[p] =
            Double.isNaN(threshold) ? Math.max(0, Math.round(row[p])) : row[p] > threshold ? 1 : 0;
        continue;
      }
      for (int c = 1; c < classes; c++) {
        answer[p] = row[c * pixels + p] > row[answer[p] * pixels + p] ? c : answer[p];
      }
    }
    return answer;
  }

  private static double jaccard(int example, double[] label, int[] answer, int classes) {
    int most = 0;
    for (int p = 0; p < answer.length; p++) {
      if (label[p] != Math.rint(label[p]) || label[p] > 1 << 16) {
        throw new BadInputException(
            "metric iou: the label of example %d holds %s (expected: %s)"
                .formatted(example, label[p], LABEL));
      }
      most = Math.max(most, Math.max((int) label[p], Math.min(answer[p], 1 << 16)));
    }
    long[] both = new long[most + 1];
    long[] either = new long[most + 1];
    for (int p = 0; p < answer.length; p++) {
      int right = (int) label[p];
      if (right < 0 || (right == VOID && classes <= VOID)) {
        continue;
      }
      int given = Math.min(answer[p], most);
      either[right]++;
      if (given == right) {
        both[right]++;
      } else {
        either[given]++;
      }
    }
    double sum = 0;
    int occurring = 0;
    for (int c = 0; c <= most; c++) {
      if (either[c] > 0) {
        sum += (double) both[c] / either[c];
        occurring++;
      }
    }
    // An example of void pixels only has nothing to be wrong about.
    return occurring == 0 ? 1 : sum / occurring;
  }
}
