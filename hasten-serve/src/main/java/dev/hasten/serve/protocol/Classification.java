package dev.hasten.serve.protocol;

import dev.hasten.runtime.ElementType;
import dev.hasten.runtime.NdArray;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * The protocol's classification extension: of each row the largest elements as {@code
 * "value:index"}, or {@code "value:index:label"} where there are labels, largest first.
 */
final class Classification {
  private Classification() {}

  /**
   * @param output {@code [N, classes]} or {@code [classes]}
   * @param names of the classes, as far as they have any
   * @return {@code string[N, count]} or {@code string[count]}
   */
  static NdArray of(NdArray output, int count, List<String> names) {
    if (output.type() == ElementType.STRING || output.rank() == 0 || output.rank() > 2) {
      throw ProtocolException.invalid(
          "classification of %s (expected: numbers of shape [classes] or [batch, classes])"
              .formatted(output));
    }
    int rows = output.rank() == 1 ? 1 : Math.toIntExact(output.dimension(0));
    int classes = Math.toIntExact(output.dimension(output.rank() - 1));
    int taken = Math.min(count, classes);
    double[] scores = output.toDoubles();
    List<String> labels = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      int from = row * classes;
      IntStream.range(0, classes)
          .boxed()
          .sorted(Comparator.comparingDouble((Integer i) -> scores[from + i]).reversed())
          .limit(taken)
          .forEach(i ->
              labels.add(
                  String.format(Locale.ROOT, "%f:%d", scores[from + i], i)
                      + (i < names.size() ? ":" + names.get(i) : "")));
    }
    return output.rank() == 1
        ? NdArray.strings(labels, taken)
        : NdArray.strings(labels, rows, taken);
  }
}
