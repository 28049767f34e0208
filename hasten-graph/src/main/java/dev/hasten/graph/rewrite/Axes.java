package dev.hasten.graph.rewrite;

import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The axes of an operator: an attribute once, an input in later opsets. */
final class Axes {
  private Axes() {}

  /** As given (negative: from the end), or null where there are none or they are computed. */
  static long @Nullable [] of(Node node, int input) {
    List<Long> list = node.intsAttribute("axes");
    if (list != null) {
      return list.stream().mapToLong(Long::longValue).toArray();
    }
    Value value = node.inputOrNull(input);
    Tensor tensor = value == null ? null : value.constant();
    return tensor == null ? null : tensor.toLongs();
  }

  /** The axes from 0, ascending; null where one is out of range. */
  static int @Nullable [] fromFront(long[] axes, int rank) {
    int[] out = new int[axes.length];
    for (int i = 0; i < out.length; i++) {
      long axis = axes[i] < 0 ? axes[i] + rank : axes[i];
      if (axis < 0 || axis >= rank) {
        return null;
      }
      out[i] = (int) axis;
    }
    Arrays.sort(out);
    return out;
  }
}
