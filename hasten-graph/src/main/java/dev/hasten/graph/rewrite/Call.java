package dev.hasten.graph.rewrite;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One operator to be computed on constants.
 *
 * @param node the operator
 * @param inputs its inputs' contents; null for an omitted one
 * @param opset the version of the standard operators
 * @param maxBytes how large a result may be
 */
record Call(Node node, List<@Nullable Tensor> inputs, long opset, long maxBytes) {

  Tensor input(int index) {
    Tensor tensor = inputOrNull(index);
    if (tensor == null) {
      throw new Unfoldable("input " + index + " is missing");
    }
    return tensor;
  }

  @Nullable Tensor inputOrNull(int index) {
    return index < inputs.size() ? inputs.get(index) : null;
  }

  /** The attribute of that name, or, since operators moved such lists to inputs, the input. */
  long @Nullable [] attributeOrInput(String attribute, int input) {
    List<Long> list = node.intsAttribute(attribute);
    if (list != null) {
      return list.stream().mapToLong(Long::longValue).toArray();
    }
    Tensor tensor = inputOrNull(input);
    return tensor == null ? null : tensor.toLongs();
  }

  /** Allocates a result, unless it would be larger than allowed. */
  Tensor build(DataType type, long[] dims, Consumer<MemorySegment> writer) {
    requireSize(type, dims);
    return Tensor.build(type, dims, writer);
  }

  void requireSize(DataType type, long[] dims) {
    if (type.bits() % 8 != 0 || type == DataType.STRING) {
      throw new Unfoldable("elements of type " + type + " are not computed on the host");
    }
    double bytes = type.bits() / 8;
    for (long dim : dims) {
      bytes *= dim;
    }
    if (bytes > maxBytes) {
      throw new Unfoldable(
          "the constant result %s%s would take %.0f bytes (expected: at most %d)"
              .formatted(type, Arrays.toString(dims).replace(" ", ""), bytes, maxBytes));
    }
  }

  static int axis(long axis, int rank) {
    long index = axis < 0 ? axis + rank : axis;
    if (index < 0 || index >= rank) {
      throw new Unfoldable("axis " + axis + " (expected: within rank " + rank + ")");
    }
    return (int) index;
  }

  static long[] dims(Tensor tensor) {
    return tensor.dims().stream().mapToLong(Long::longValue).toArray();
  }

  /** Elements between neighbours along each axis of a row-major tensor. */
  static long[] strides(long[] dims) {
    long[] strides = new long[dims.length];
    long stride = 1;
    for (int i = dims.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= dims[i];
    }
    return strides;
  }

  static long product(long[] dims, int from, int to) {
    long product = 1;
    for (int i = from; i < to; i++) {
      product *= dims[i];
    }
    return product;
  }

  /** The common shape of two operands under ONNX's (NumPy's) broadcasting. */
  static long[] broadcast(long[] a, long[] b) {
    long[] out = new long[Math.max(a.length, b.length)];
    for (int i = 1; i <= out.length; i++) {
      long x = i <= a.length ? a[a.length - i] : 1;
      long y = i <= b.length ? b[b.length - i] : 1;
      if (x != y && x != 1 && y != 1) {
        throw new Unfoldable(
            "shapes %s and %s do not broadcast".formatted(Arrays.toString(a), Arrays.toString(b)));
      }
      out[out.length - i] = x == 1 ? y : x;
    }
    return out;
  }

  /** The strides with which a tensor of these dimensions is read as {@code out}. */
  static long[] broadcastStrides(long[] dims, long[] out) {
    long[] own = strides(dims);
    long[] strides = new long[out.length];
    for (int i = 1; i <= dims.length; i++) {
      strides[out.length - i] = dims[dims.length - i] == 1 ? 0 : own[dims.length - i];
    }
    return strides;
  }

  /** For each position of {@code out} in row-major order, the element that the strides lead to. */
  static int[] indexes(long[] out, long[] strides, long offset) {
    int[] indexes = new int[Math.toIntExact(product(out, 0, out.length))];
    long[] counter = new long[out.length];
    long at = offset;
    for (int i = 0; i < indexes.length; i++) {
      indexes[i] = Math.toIntExact(at);
      for (int axis = out.length - 1; axis >= 0; axis--) {
        at += strides[axis];
        if (++counter[axis] < out[axis]) {
          break;
        }
        at -= strides[axis] * out[axis];
        counter[axis] = 0;
      }
    }
    return indexes;
  }

  /** The constant contents of a node's inputs, or null if one is not constant. */
  static @Nullable List<@Nullable Tensor> constants(Node node) {
    List<@Nullable Tensor> out = new ArrayList<>();
    for (Value input : node.inputs()) {
      Tensor tensor = input == null ? null : input.constant();
      if (input != null && tensor == null) {
        return null;
      }
      out.add(tensor);
    }
    return out;
  }
}
