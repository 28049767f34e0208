package dev.hasten.study;

import dev.hasten.measure.Hardware;
import dev.hasten.runtime.EnvironmentException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;

/**
 * How many models may be loaded at once. A process that takes more memory than there is gets killed
 * without a word, so large models are measured in twos.
 *
 * @param bytes that may be taken; 0: unknown, so that all is allowed
 */
record MemoryRoom(long bytes) {
  /** A session holds a model's weights once, and while it packs them for its kernels, more. */
  private static final double EACH = 1.5;

  static MemoryRoom now() {
    return new MemoryRoom(Hardware.availableBytes());
  }

  /** How many sessions of a model of that size fit. */
  int sessions(long size) {
    return bytes == 0 ? Integer.MAX_VALUE : (int) Math.min(1_000, bytes / (EACH * size + 1));
  }

  /**
   * Splits subjects into groups each of which fits beside the baseline; one subject at least each.
   *
   * @throws EnvironmentException if two models alone are more than there is
   */
  <T> List<List<T>> groups(List<T> subjects, long baseline, ToLongFunction<T> size) {
    List<List<T>> groups = new ArrayList<>();
    List<T> group = new ArrayList<>();
    double taken = EACH * baseline;
    for (T subject : subjects) {
      long own = size.applyAsLong(subject);
      if (bytes > 0 && baseline + own > bytes) {
        throw new EnvironmentException(
            String.format(
                Locale.ROOT,
                "two models of together %.1f GB do not fit into the %.1f GB of memory that are free (expected: room for both, to measure one beside the other); end other programs or use a larger machine",
                (baseline + own) / 1e9,
                bytes / 1e9));
      }
      if (!group.isEmpty() && bytes > 0 && taken + EACH * own > bytes) {
        groups.add(List.copyOf(group));
        group.clear();
        taken = EACH * baseline;
      }
      group.add(subject);
      taken += EACH * own;
    }
    if (!group.isEmpty() || groups.isEmpty()) {
      groups.add(List.copyOf(group));
    }
    return groups;
  }
}
