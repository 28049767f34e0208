package dev.hasten.graph.rewrite;

import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;

/** Joins constants along their last axis. */
final class Columns {
  private Columns() {}

  /** All of one type, and of the same dimensions but for the last. */
  static Tensor join(List<Value> parts) {
    List<Tensor> tensors = parts.stream().map(v -> Objects.requireNonNull(v.constant())).toList();
    Tensor first = tensors.getFirst();
    long[] dims = Call.dims(first);
    dims[dims.length - 1] = tensors.stream().mapToLong(t -> t.dim(-1)).sum();
    long rows = Call.product(dims, 0, dims.length - 1);
    return Tensor.build(
        first.type(),
        dims,
        target -> {
          long at = 0;
          for (long row = 0; row < rows; row++) {
            for (Tensor tensor : tensors) {
              long bytes = tensor.byteSize() / rows;
              MemorySegment.copy(tensor.data(), row * bytes, target, at, bytes);
              at += bytes;
            }
          }
        });
  }
}
