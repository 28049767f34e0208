package dev.hasten.measure;

import dev.hasten.runtime.NdArray;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Nested lists, as JSON and Parquet have them, to tensors. */
final class Nested {
  private Nested() {}

  /**
   * Whole numbers become int64, numbers with a fraction fp32, true/false bool, text strings.
   *
   * @throws IllegalArgumentException if lists of one level differ in length or elements in kind
   */
  static NdArray toArray(Object value) {
    if (value instanceof NdArray array) {
      return array;
    }
    List<Long> shape = new ArrayList<>();
    for (Object level = value; level instanceof List<?> list; ) {
      shape.add((long) list.size());
      level = list.isEmpty() ? null : list.get(0);
    }
    List<Object> elements = new ArrayList<>();
    collect(value, shape, 0, elements);
    long[] dims = shape.stream().mapToLong(Long::longValue).toArray();
    if (all(elements, String.class)) {
      return NdArray.strings(elements.stream().map(String.class::cast).toList(), dims);
    }
    if (all(elements, Boolean.class)) {
      boolean[] flags = new boolean[elements.size()];
      for (int i = 0; i < flags.length; i++) {
        flags[i] = (Boolean) elements.get(i);
      }
      return NdArray.booleans(flags, dims);
    }
    if (!all(elements, Number.class)) {
      throw new IllegalArgumentException(
          "mixes texts, numbers and true/false (expected: one kind)");
    }
    if (elements.stream().allMatch(Nested::isWhole)) {
      return NdArray.longs(
          elements.stream().mapToLong(e -> ((Number) e).longValue()).toArray(), dims);
    }
    float[] floats = new float[elements.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = ((Number) elements.get(i)).floatValue();
    }
    return NdArray.floats(floats, dims);
  }

  private static boolean all(List<Object> elements, Class<?> type) {
    return !elements.isEmpty() && elements.stream().allMatch(type::isInstance);
  }

  private static boolean isWhole(Object number) {
    return number instanceof Long
        || number instanceof Integer
        || number instanceof Short
        || number instanceof Byte;
  }

  private static void collect(
      @Nullable Object value, List<Long> shape, int depth, List<Object> elements) {
    if (depth == shape.size()) {
      if (value == null || value instanceof List) {
        throw new IllegalArgumentException(
            (value == null ? "holds null" : "nests lists to different depths")
                + " (expected: numbers, nested evenly)");
      }
      elements.add(value);
      return;
    }
    if (!(value instanceof List<?> list) || list.size() != shape.get(depth)) {
      throw new IllegalArgumentException(
          "is ragged: a list of "
              + (value instanceof List<?> other ? other.size() : 0)
              + " beside one of "
              + shape.get(depth)
              + " (expected: lists of one level as long as each other)");
    }
    for (Object element : list) {
      collect(element, shape, depth + 1, elements);
    }
  }
}
