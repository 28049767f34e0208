package dev.hasten.graph.rewrite;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Operators that move elements or change dimensions, whatever the elements are. */
final class HostMovement {
  private HostMovement() {}

  static void register(Map<String, Evaluator.Kernel> kernels) {
    kernels.put("Identity", call -> call.input(0));
    kernels.put("Reshape", HostMovement::reshape);
    kernels.put("Flatten", HostMovement::flatten);
    kernels.put("Squeeze", HostMovement::squeeze);
    kernels.put("Unsqueeze", HostMovement::unsqueeze);
    kernels.put("Transpose", HostMovement::transpose);
    kernels.put("Expand", HostMovement::expand);
    kernels.put("Slice", HostMovement::slice);
    kernels.put("Concat", HostMovement::concat);
  }

  private static Tensor reshape(Call call) {
    Tensor data = call.input(0);
    long[] target = call.input(1).toLongs();
    boolean allowZero = call.node().intAttribute("allowzero", 0) != 0;
    long known = 1;
    int open = -1;
    for (int i = 0; i < target.length; i++) {
      if (target[i] == 0 && !allowZero) {
        target[i] = data.dim(Call.axis(i, data.rank()));
      }
      if (target[i] == -1 && open < 0) {
        open = i;
      } else if (target[i] < 0) {
        throw new Unfoldable("shape " + Arrays.toString(target) + " (expected: at most one -1)");
      } else {
        known *= target[i];
      }
    }
    if (open >= 0) {
      if (known == 0 || data.size() % known != 0) {
        throw new Unfoldable("shape " + Arrays.toString(target) + " does not fit " + data);
      }
      target[open] = data.size() / known;
    }
    if (Call.product(target, 0, target.length) != data.size()) {
      throw new Unfoldable("shape " + Arrays.toString(target) + " does not fit " + data);
    }
    return data.reshape(target);
  }

  private static Tensor flatten(Call call) {
    Tensor data = call.input(0);
    long[] dims = Call.dims(data);
    long given = call.node().intAttribute("axis", 1);
    int axis = (int) (given < 0 ? given + dims.length : given);
    if (axis < 0 || axis > dims.length) {
      throw new Unfoldable("axis " + given + " (expected: within rank " + dims.length + ")");
    }
    return data.reshape(Call.product(dims, 0, axis), Call.product(dims, axis, dims.length));
  }

  private static Tensor squeeze(Call call) {
    Tensor data = call.input(0);
    long[] axes = call.attributeOrInput("axes", 1);
    boolean[] gone = new boolean[data.rank()];
    if (axes == null) {
      for (int i = 0; i < gone.length; i++) {
        gone[i] = data.dim(i) == 1;
      }
    } else {
      for (long axis : axes) {
        int index = Call.axis(axis, gone.length);
        if (data.dim(index) != 1) {
          throw new Unfoldable("axis " + axis + " of " + data + " (expected: length 1)");
        }
        gone[index] = true;
      }
    }
    List<Long> left = new ArrayList<>();
    for (int i = 0; i < gone.length; i++) {
      if (!gone[i]) {
        left.add(data.dim(i));
      }
    }
    return data.reshape(left.stream().mapToLong(Long::longValue).toArray());
  }

  private static Tensor unsqueeze(Call call) {
    Tensor data = call.input(0);
    long[] axes = call.attributeOrInput("axes", 1);
    if (axes == null) {
      throw new Unfoldable("axes are missing");
    }
    long[] out = new long[data.rank() + axes.length];
    for (long axis : axes) {
      out[Call.axis(axis, out.length)] = 1;
    }
    int from = 0;
    for (int i = 0; i < out.length; i++) {
      if (out[i] == 0) {
        if (from == data.rank()) {
          throw new Unfoldable("axes " + Arrays.toString(axes) + " (expected: each once)");
        }
        // A length of 0 stays 0: the axis is passed over here, and never asked for again.
        out[i] = data.dim(from++);
      }
    }
    return data.reshape(out);
  }

  private static Tensor transpose(Call call) {
    Tensor data = call.input(0);
    long[] dims = Call.dims(data);
    long[] strides = Call.strides(dims);
    List<Long> perm = call.node().intsAttribute("perm");
    long[] out = new long[dims.length];
    long[] from = new long[dims.length];
    for (int i = 0; i < out.length; i++) {
      int axis = perm == null ? out.length - 1 - i : Call.axis(perm.get(i), out.length);
      out[i] = dims[axis];
      from[i] = strides[axis];
    }
    return strided(call, data, out, from, 0);
  }

  private static Tensor expand(Call call) {
    Tensor data = call.input(0);
    long[] dims = Call.dims(data);
    long[] out = Call.broadcast(dims, call.input(1).toLongs());
    return strided(call, data, out, Call.broadcastStrides(dims, out), 0);
  }

  private static Tensor slice(Call call) {
    Tensor data = call.input(0);
    long[] starts = call.attributeOrInput("starts", 1);
    long[] ends = call.attributeOrInput("ends", 2);
    long[] axes = call.attributeOrInput("axes", 3);
    long[] steps = call.attributeOrInput("steps", 4);
    if (starts == null || ends == null) {
      throw new Unfoldable("starts or ends are missing");
    }
    long[] out = Call.dims(data);
    long[] strides = Call.strides(out);
    long offset = 0;
    for (int i = 0; i < starts.length; i++) {
      int axis = axes == null ? i : Call.axis(axes[i], out.length);
      long length = data.dim(axis);
      long step = steps == null ? 1 : steps[i];
      if (step == 0) {
        throw new Unfoldable("step 0 (expected: another)");
      }
      long low = step > 0 ? 0 : -1;
      long high = step > 0 ? length : length - 1;
      long first = Math.clamp(fromFront(starts[i], length), 0, Math.max(0, high));
      long last = Math.clamp(fromFront(ends[i], length), low, high);
      long count = step > 0 ? Math.ceilDiv(last - first, step) : Math.ceilDiv(first - last, -step);
      offset += first * strides[axis];
      out[axis] = Math.max(0, count);
      strides[axis] *= step;
    }
    return strided(call, data, out, strides, offset);
  }

  private static long fromFront(long index, long length) {
    return index < 0 ? index + length : index;
  }

  private static Tensor concat(Call call) {
    Tensor first = call.input(0);
    long[] out = Call.dims(first);
    int axis = Call.axis(call.node().intAttribute("axis", 0), out.length);
    DataType type = first.type();
    for (int i = 1; i < call.inputs().size(); i++) {
      Tensor next = call.input(i);
      if (next.type() != type || !fits(next, first, axis)) {
        throw new Unfoldable(next + " does not go together with " + first);
      }
      out[axis] += next.dim(axis);
    }
    long outer = Call.product(out, 0, axis);
    return call.build(
        type,
        out,
        target -> {
          long at = 0;
          for (long row = 0; at < target.byteSize(); row++) {
            for (int i = 0; i < call.inputs().size(); i++) {
              MemorySegment source = call.input(i).data();
              long bytes = source.byteSize() / outer;
              MemorySegment.copy(source, row * bytes, target, at, bytes);
              at += bytes;
            }
          }
        });
  }

  /** Whether both have the same length along every other axis. */
  private static boolean fits(Tensor a, Tensor b, int axis) {
    for (int i = 0; i < b.rank(); i++) {
      if (a.rank() != b.rank() || i != axis && a.dim(i) != b.dim(i)) {
        return false;
      }
    }
    return true;
  }

  /** The tensor read with the given strides (in elements) from an offset. */
  static Tensor strided(Call call, Tensor data, long[] out, long[] strides, long offset) {
    call.requireSize(data.type(), out);
    return strided(data, out, strides, offset);
  }

  /** As the other, of any size. */
  static Tensor strided(Tensor data, long[] out, long[] strides, long offset) {
    return Tensor.build(
        data.type(),
        out,
        target -> {
          long width = data.type().bits() / 8;
          MemorySegment source = data.data();
          // Trailing axes that lie side by side in both are copied in one go.
          int outer = out.length;
          long run = 1;
          while (outer > 0 && strides[outer - 1] == run) {
            run *= out[--outer];
          }
          long[] rows = Arrays.copyOf(out, outer);
          if (Call.product(out, 0, out.length) == 0) {
            return;
          }
          long at = 0;
          for (int from : Call.indexes(rows, strides, offset)) {
            MemorySegment.copy(source, from * width, target, at, run * width);
            at += run * width;
          }
        });
  }
}
