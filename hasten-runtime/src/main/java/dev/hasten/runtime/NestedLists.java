package dev.hasten.runtime;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Arrays written as nested lists. */
final class NestedLists {
  private NestedLists() {}

  static NdArray array(String name, Object value) {
    long[] shape = shape(value);
    List<@Nullable Object> leaves = new ArrayList<>();
    collect(name, value, shape, 0, leaves);
    if (leaves.stream().allMatch(String.class::isInstance) && !leaves.isEmpty()) {
      return NdArray.strings(leaves.stream().map(String.class::cast).toList(), shape);
    }
    if (leaves.stream().allMatch(Boolean.class::isInstance) && !leaves.isEmpty()) {
      boolean[] flags = new boolean[leaves.size()];
      for (int i = 0; i < flags.length; i++) {
        flags[i] = Boolean.TRUE.equals(leaves.get(i));
      }
      return NdArray.booleans(flags, shape);
    }
    boolean whole = leaves.stream().allMatch(v -> v instanceof Integer || v instanceof Long);
    long[] longs = new long[leaves.size()];
    double[] doubles = new double[leaves.size()];
    for (int i = 0; i < longs.length; i++) {
      Object leaf = leaves.get(i);
      if (!(leaf instanceof Number number)) {
        throw new BadInputException(
            name + ": " + leaf + " (expected: numbers only, texts only, or booleans only)");
      }
      longs[i] = number.longValue();
      doubles[i] = number.doubleValue();
    }
    return whole && !leaves.isEmpty()
        ? NdArray.longs(longs, shape)
        : Elements.ofDoubles(ElementType.FLOAT, doubles, shape);
  }

  /** As the first element of each list has it; {@link #collect} holds the others to it. */
  private static long[] shape(Object value) {
    List<Long> shape = new ArrayList<>();
    Object inner = value;
    while (inner instanceof List<?> list) {
      shape.add((long) list.size());
      inner = list.isEmpty() ? null : list.getFirst();
    }
    return shape.stream().mapToLong(Long::longValue).toArray();
  }

  private static void collect(
      String name, @Nullable Object value, long[] shape, int axis, List<@Nullable Object> leaves) {
    if (axis == shape.length) {
      if (value instanceof List<?>) {
        throw ragged(name, axis);
      }
      leaves.add(value);
      return;
    }
    if (!(value instanceof List<?> list) || list.size() != shape[axis]) {
      throw ragged(name, axis);
    }
    for (Object item : list) {
      collect(name, item, shape, axis + 1, leaves);
    }
  }

  private static BadInputException ragged(String name, int axis) {
    return new BadInputException(
        name
            + ": lists of different lengths or depths on axis "
            + axis
            + " (expected: a full array)");
  }
}
