package dev.hasten.graph.rewrite;

import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a Slice with constant bounds cuts out.
 *
 * @param axes from 0, each once
 * @param starts as given: negative counts from the end
 * @param ends as given
 * @param steps never 0
 */
record SliceBounds(int[] axes, long[] starts, long[] ends, long[] steps) {
  /** The bounds, or null where one is computed, they do not fit, or the rank is not known. */
  static @Nullable SliceBounds of(Node slice, int rank) {
    long[] starts = list(slice, "starts", 1);
    long[] ends = list(slice, "ends", 2);
    if (starts == null || ends == null || rank < 1) {
      return null;
    }
    boolean hasAxes = slice.inputOrNull(3) != null || slice.attribute("axes") != null;
    long[] given = list(slice, "axes", 3);
    boolean hasSteps = slice.inputOrNull(4) != null;
    long[] steps = list(slice, "steps", 4);
    if (hasAxes && given == null || hasSteps && steps == null) {
      return null;
    }
    boolean fit =
        ends.length == starts.length
            && (given == null || given.length == starts.length)
            && (steps == null || steps.length == starts.length);
    if (!fit) {
      return null;
    }
    int[] axes = new int[starts.length];
    for (int i = 0; i < axes.length; i++) {
      long axis = given == null ? i : given[i];
      if (axis < -rank || axis >= rank) {
        return null;
      }
      axes[i] = (int) (axis < 0 ? axis + rank : axis);
    }
    if (steps == null) {
      steps = new long[starts.length];
      Arrays.fill(steps, 1);
    }
    return new SliceBounds(axes, starts, ends, steps);
  }

  private static long @Nullable [] list(Node node, String attribute, int input) {
    List<Long> list = node.intsAttribute(attribute);
    if (list != null) {
      return list.stream().mapToLong(Long::longValue).toArray();
    }
    Value value = node.inputOrNull(input);
    Tensor tensor = value == null ? null : value.constant();
    return tensor == null ? null : tensor.toLongs();
  }

  /** A bound of a slice in steps of one, as an index from 0 to {@code length}. */
  static long clamp(long bound, long length) {
    return Math.clamp(bound < 0 ? bound + length : bound, 0, length);
  }
}
