package dev.hasten.graph.rewrite;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Tensor;
import java.util.Arrays;
import java.util.Map;
import java.util.function.LongBinaryOperator;

/** Reductions of integers. Those of reals depend on the order of summation, so they stay. */
final class HostReduction {
  private HostReduction() {}

  static void register(Map<String, Evaluator.Kernel> kernels) {
    kernels.put("ReduceSum", call -> reduce(call, 0, (a, b) -> a + b));
    kernels.put("ReduceProd", call -> reduce(call, 1, (a, b) -> a * b));
    kernels.put("ReduceMax", call -> reduce(call, Long.MIN_VALUE, Math::max));
    kernels.put("ReduceMin", call -> reduce(call, Long.MAX_VALUE, Math::min));
  }

  private static Tensor reduce(Call call, long start, LongBinaryOperator operator) {
    Tensor data = call.input(0);
    if (data.type() != DataType.INT64 && data.type() != DataType.INT32) {
      throw new Unfoldable("a reduction of " + data.type() + " depends on the order of summation");
    }
    if (data.size() == 0) {
      throw new Unfoldable("a reduction of no elements");
    }
    long[] dims = Call.dims(data);
    long[] axes = call.attributeOrInput("axes", 1);
    boolean[] reduced = new boolean[dims.length];
    if (axes == null || axes.length == 0) {
      if (call.node().intAttribute("noop_with_empty_axes", 0) != 0) {
        return data;
      }
      Arrays.fill(reduced, true);
    } else {
      for (long axis : axes) {
        reduced[Call.axis(axis, dims.length)] = true;
      }
    }
    long[] kept = dims.clone();
    for (int i = 0; i < dims.length; i++) {
      kept[i] = reduced[i] ? 1 : dims[i];
    }
    call.requireSize(data.type(), kept);
    long[] out = new long[(int) Call.product(kept, 0, kept.length)];
    Arrays.fill(out, start);
    int[] target = Call.indexes(dims, Call.broadcastStrides(kept, dims), 0);
    long[] values = data.toLongs();
    for (int i = 0; i < values.length; i++) {
      out[target[i]] = operator.applyAsLong(out[target[i]], values[i]);
    }
    boolean keep = call.node().intAttribute("keepdims", 1) != 0;
    long[] shown = keep ? kept : unreduced(dims, reduced);
    return HostArithmetic.integers(data.type(), out, shown);
  }

  private static long[] unreduced(long[] dims, boolean[] reduced) {
    long[] out = new long[dims.length];
    int rank = 0;
    for (int i = 0; i < dims.length; i++) {
      if (!reduced[i]) {
        out[rank++] = dims[i];
      }
    }
    return Arrays.copyOf(out, rank);
  }
}
