package dev.hasten.measure;

import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Share of an example's {@code k} nearest neighbours, by cosine among the examples themselves, that
 * the candidate's vectors keep: what a search over these vectors would still find.
 */
record NeighbourOverlap(int k) implements Metric {
  @Override
  public String name() {
    return "overlap@" + k;
  }

  @Override
  public String meaning() {
    return "mean share of an example's "
        + k
        + " nearest neighbours among the examples that are the same as with the original's vectors";
  }

  @Override
  public boolean needsLabels() {
    return false;
  }

  @Override
  public Set<OutputKind> kinds() {
    return Set.of(OutputKind.EMBEDDING);
  }

  @Override
  public OptionalDouble originalScore() {
    return OptionalDouble.of(1);
  }

  @Override
  public Score score(Sample sample) {
    int n = sample.size();
    int wanted = Math.min(k, n - 1);
    if (wanted < 1) {
      return Score.mean(new double[] {1});
    }
    int[][] before = neighbours(sample.original(), wanted);
    int[][] after = neighbours(sample.candidate(), wanted);
    double[] scores = new double[n];
    for (int i = 0; i < n; i++) {
      int shared = 0;
      for (int neighbour : after[i]) {
        shared += Arrays.binarySearch(before[i], neighbour) >= 0 ? 1 : 0;
      }
      scores[i] = shared / (double) wanted;
    }
    return Score.mean(scores);
  }

  /** For each example the places of its nearest, in rising order of place. */
  private static int[][] neighbours(Outputs outputs, int wanted) {
    int width = outputs.width();
    float[][] columns = Vectors.unitColumns(outputs.rows(), width);
    int n = outputs.size();
    int[][] result = new int[n][];
    IntStream.range(0, n)
        .parallel()
        .forEach(i -> {
          // Column by column: the inner loop runs along memory and the compiler vectorizes it.
          float[] similarity = new float[n];
          for (int c = 0; c < width; c++) {
            float[] column = columns[c];
            float own = column[i];
            for (int j = 0; j < n; j++) {
              similarity[j] += own * column[j];
            }
          }
          similarity[i] = Float.NEGATIVE_INFINITY;
          result[i] = largest(similarity, wanted);
        });
    return result;
  }

  private static int[] largest(float[] values, int count) {
    int[] best = new int[count];
    int held = 0;
    for (int j = 0; j < values.length; j++) {
      if (held == count && values[j] <= values[best[held - 1]]) {
        continue;
      }
      int at = held < count ? held++ : count - 1;
      while (at > 0 && values[best[at - 1]] < values[j]) {
        best[at] = best[at - 1];
        at--;
      }
      best[at] = j;
    }
    Arrays.sort(best);
    return best;
  }
}
