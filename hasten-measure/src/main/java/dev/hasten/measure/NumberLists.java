package dev.hasten.measure;

import dev.hasten.runtime.BadInputException;
import java.util.Arrays;

/** Labels that are lists of numbers: {@code [[1, 2.5], [3, 4]]}, nested or not, in any file. */
final class NumberLists {
  private NumberLists() {}

  /** All numbers in their order, brackets left out. */
  static double[] parse(String metric, int example, String label, String expected) {
    double[] numbers = new double[label.length() / 2 + 1];
    int count = 0;
    int at = 0;
    while (at < label.length()) {
      char c = label.charAt(at);
      if (c == '[' || c == ']' || c == ',' || Character.isWhitespace(c)) {
        at++;
        continue;
      }
      int end = at;
      while (end < label.length() && ",[] \t\n".indexOf(label.charAt(end)) < 0) {
        end++;
      }
      String word = label.substring(at, end);
      try {
        numbers[count++] = Double.parseDouble(word);
      } catch (NumberFormatException e) {
        throw new BadInputException(
            "metric %s: the label of example %d holds `%s` (expected: %s)"
                .formatted(metric, example, head(word), expected),
            e);
      }
      at = end;
    }
    return Arrays.copyOf(numbers, count);
  }

  private static String head(String word) {
    return word.length() > 40 ? word.substring(0, 40) + "…" : word;
  }
}
