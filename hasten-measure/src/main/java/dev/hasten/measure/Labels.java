package dev.hasten.measure;

import dev.hasten.runtime.BadInputException;

/** Labels as classes or numbers. */
final class Labels {
  private Labels() {}

  /** The label of an example that {@link Metrics#compare} has checked to have one. */
  static String of(Sample sample, int i) {
    String label = sample.labels().get(i);
    if (label == null) {
      throw new IllegalArgumentException("example " + i + " has no label (expected: a label)");
    }
    return label;
  }

  /** Labels as places among {@code classes} scores. */
  static int[] classes(Sample sample, String metric, int classes) {
    int[] result = new int[sample.size()];
    for (int i = 0; i < result.length; i++) {
      String label = of(sample, i);
      try {
        result[i] = Integer.parseInt(label);
      } catch (NumberFormatException e) {
        throw wrong(metric, i, label, "a class number, 0 to " + (classes - 1), e);
      }
      if (result[i] < 0 || result[i] >= classes) {
        throw wrong(metric, i, label, "a class number, 0 to " + (classes - 1), null);
      }
    }
    return result;
  }

  /** Labels as numbers. */
  static double[] numbers(Sample sample, String metric) {
    double[] result = new double[sample.size()];
    for (int i = 0; i < result.length; i++) {
      String label = of(sample, i);
      try {
        result[i] = Double.parseDouble(label);
      } catch (NumberFormatException e) {
        throw wrong(metric, i, label, "a number", e);
      }
    }
    return result;
  }

  private static BadInputException wrong(
      String metric,
      int example,
      String label,
      String expected,
      @org.jspecify.annotations.Nullable Throwable cause) {
    String message =
        "metric %s: label `%s` of example %d (expected: %s)"
            .formatted(metric, label, example, expected);
    return cause == null ? new BadInputException(message) : new BadInputException(message, cause);
  }
}
