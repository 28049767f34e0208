package dev.hasten.graph.rewrite;

import dev.hasten.graph.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/** Operators that repeat, pad and mask elements, whatever the elements are. */
final class HostFilling {
  private HostFilling() {}

  static void register(Map<String, Evaluator.Kernel> kernels) {
    kernels.put("Tile", HostFilling::tile);
    kernels.put("Pad", HostFilling::pad);
    kernels.put("Trilu", HostFilling::trilu);
  }

  /** Each axis becomes two, the repetition without a stride and the axis itself. */
  private static Tensor tile(Call call) {
    Tensor data = call.input(0);
    long[] repeats = call.input(1).toLongs();
    long[] dims = Call.dims(data);
    if (repeats.length != dims.length) {
      throw new Unfoldable(repeats.length + " repeats (expected: " + dims.length + ")");
    }
    long[] strides = Call.strides(dims);
    long[] apart = new long[2 * dims.length];
    long[] from = new long[2 * dims.length];
    long[] out = new long[dims.length];
    for (int i = 0; i < dims.length; i++) {
      apart[2 * i] = repeats[i];
      apart[2 * i + 1] = dims[i];
      from[2 * i + 1] = strides[i];
      out[i] = repeats[i] * dims[i];
    }
    return HostMovement.strided(call, data, apart, from, 0).reshape(out);
  }

  private static Tensor pad(Call call) {
    Tensor data = call.input(0);
    long[] pads = call.attributeOrInput("pads", 1);
    int rank = data.rank();
    boolean simple =
        call.node().stringAttribute("mode", "constant").equals("constant")
            && call.node().attribute("value") == null
            && call.inputOrNull(3) == null;
    if (pads == null || !simple || pads.length != 2 * rank) {
      throw new Unfoldable("only constants around all axes are filled in on the host");
    }
    long[] dims = Call.dims(data);
    long[] out = dims.clone();
    long offset = 0;
    for (int i = 0; i < rank; i++) {
      if (pads[i] < 0 || pads[rank + i] < 0) {
        throw new Unfoldable("it cuts");
      }
      out[i] += pads[i] + pads[rank + i];
    }
    long[] outer = Call.strides(out);
    for (int i = 0; i < rank; i++) {
      offset += pads[i] * outer[i];
    }
    Tensor value = call.inputOrNull(2);
    int[] targets = Call.indexes(dims, outer, offset);
    return call.build(
        data.type(),
        out,
        target -> {
          long width = data.type().bits() / 8;
          if (value != null) {
            for (long at = 0; at < target.byteSize(); at += width) {
              MemorySegment.copy(value.data(), 0, target, at, width);
            }
          }
          for (int i = 0; i < targets.length; i++) {
            MemorySegment.copy(data.data(), i * width, target, targets[i] * width, width);
          }
        });
  }

  /** What is not of the upper or lower triangle becomes zero. */
  private static Tensor trilu(Call call) {
    Tensor data = call.input(0);
    Tensor diagonal = call.inputOrNull(1);
    long k = diagonal == null ? 0 : diagonal.toLongs()[0];
    boolean upper = call.node().intAttribute("upper", 1) != 0;
    if (data.rank() < 2) {
      throw new Unfoldable(data + " is not a matrix");
    }
    long rows = data.dim(-2);
    long columns = data.dim(-1);
    return call.build(
        data.type(),
        Call.dims(data),
        target -> {
          long width = data.type().bits() / 8;
          for (long i = 0; i < data.size(); i++) {
            long below = i % columns - i / columns % rows;
            if (upper ? below >= k : below <= k) {
              MemorySegment.copy(data.data(), i * width, target, i * width, width);
            }
          }
        });
  }
}
