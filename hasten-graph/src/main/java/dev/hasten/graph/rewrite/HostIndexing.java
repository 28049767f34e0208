package dev.hasten.graph.rewrite;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Map;

/** Operators that pick elements, make them from a shape, or tell the shape. */
final class HostIndexing {
  private HostIndexing() {}

  static void register(Map<String, Evaluator.Kernel> kernels) {
    kernels.put("Shape", HostIndexing::shape);
    kernels.put("Size", call -> Tensor.scalar(call.input(0).size()));
    kernels.put("Gather", HostIndexing::gather);
    kernels.put("ConstantOfShape", HostIndexing::constantOfShape);
    kernels.put("Range", HostIndexing::range);
    kernels.put("Where", HostIndexing::where);
  }

  private static Tensor shape(Call call) {
    long[] dims = Call.dims(call.input(0));
    int from = bound(call.node().intAttribute("start", 0), dims.length);
    int to = bound(call.node().intAttribute("end", dims.length), dims.length);
    long[] part = Arrays.copyOfRange(dims, from, Math.max(from, to));
    return Tensor.longs(part, part.length);
  }

  private static int bound(long index, int rank) {
    return (int) Math.clamp(index < 0 ? index + rank : index, 0, rank);
  }

  private static Tensor gather(Call call) {
    Tensor data = call.input(0);
    Tensor indices = call.input(1);
    long[] dims = Call.dims(data);
    int axis = Call.axis(call.node().intAttribute("axis", 0), dims.length);
    long[] out = new long[dims.length - 1 + indices.rank()];
    System.arraycopy(dims, 0, out, 0, axis);
    System.arraycopy(Call.dims(indices), 0, out, axis, indices.rank());
    System.arraycopy(dims, axis + 1, out, axis + indices.rank(), dims.length - axis - 1);
    call.requireSize(data.type(), out);
    long[] picks = indices.toLongs();
    for (int i = 0; i < picks.length; i++) {
      picks[i] += picks[i] < 0 ? dims[axis] : 0;
      if (picks[i] < 0 || picks[i] >= dims[axis]) {
        throw new Unfoldable("an index lies outside of axis " + axis + " of " + data);
      }
    }
    return call.build(
        data.type(),
        out,
        target -> {
          long block = Call.product(dims, axis + 1, dims.length) * (data.type().bits() / 8);
          long at = 0;
          for (long row = 0; at < target.byteSize(); row++) {
            for (long pick : picks) {
              MemorySegment.copy(data.data(), (row * dims[axis] + pick) * block, target, at, block);
              at += block;
            }
          }
        });
  }

  private static Tensor constantOfShape(Call call) {
    Tensor given = call.node().tensorAttribute("value");
    Tensor value = given == null ? Tensor.floats(new float[] {0}, 1) : given;
    long[] out = call.input(0).toLongs();
    return HostMovement.strided(call, value, out, new long[out.length], 0);
  }

  private static Tensor range(Call call) {
    DataType type = call.input(0).type();
    if (type != DataType.INT64 && type != DataType.INT32) {
      throw new Unfoldable("a range of " + type + " is not computed on the host");
    }
    long start = call.input(0).toLongs()[0];
    long limit = call.input(1).toLongs()[0];
    long delta = call.input(2).toLongs()[0];
    if (delta == 0) {
      throw new Unfoldable("delta 0 (expected: another)");
    }
    long count =
        Math.max(
            0,
            delta > 0 ? Math.ceilDiv(limit - start, delta) : Math.ceilDiv(start - limit, -delta));
    call.requireSize(type, new long[] {count});
    long[] out = new long[(int) count];
    for (int i = 0; i < out.length; i++) {
      out[i] = start + i * delta;
    }
    return HostArithmetic.integers(type, out, new long[] {count});
  }

  private static Tensor where(Call call) {
    Tensor condition = call.input(0);
    Tensor yes = call.input(1);
    Tensor no = call.input(2);
    long[] out =
        Call.broadcast(Call.dims(condition), Call.broadcast(Call.dims(yes), Call.dims(no)));
    call.requireSize(yes.type(), out);
    int[] when = Call.indexes(out, Call.broadcastStrides(Call.dims(condition), out), 0);
    int[] left = Call.indexes(out, Call.broadcastStrides(Call.dims(yes), out), 0);
    int[] right = Call.indexes(out, Call.broadcastStrides(Call.dims(no), out), 0);
    long[] chosen = condition.toLongs();
    return call.build(
        yes.type(),
        out,
        target -> {
          long width = yes.type().bits() / 8;
          for (int i = 0; i < when.length; i++) {
            boolean first = chosen[when[i]] != 0;
            MemorySegment source = (first ? yes : no).data();
            long from = first ? left[i] : right[i];
            MemorySegment.copy(source, from * width, target, i * width, width);
          }
        });
  }
}
