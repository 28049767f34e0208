package dev.hasten.runtime;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Batches put together from rows, and taken apart again. */
final class Rows {
  private Rows() {}

  /** The answer of each of {@code batch} examples, without the batch axis. */
  static List<Map<String, NdArray>> split(
      InputPipeline pipeline, Map<String, NdArray> decoded, int batch) {
    if (!pipeline.batches()) {
      return List.of(decoded);
    }
    List<Map<String, NdArray>> rows = new ArrayList<>();
    for (int i = 0; i < batch; i++) {
      Map<String, NdArray> row = new LinkedHashMap<>();
      for (Map.Entry<String, NdArray> entry : decoded.entrySet()) {
        requireBatch(entry.getKey(), entry.getValue(), batch);
        row.put(entry.getKey(), entry.getValue().row(i));
      }
      rows.add(row);
    }
    return rows;
  }

  private static void requireBatch(String name, NdArray array, int batch) {
    if (!has(array, batch)) {
      throw new BadInputException(
          "output "
              + name
              + ": "
              + array
              + " for a batch of "
              + batch
              + " (expected: the batch on the first axis; else batchAxis: false in the"
              + " pipeline)");
    }
  }

  static boolean has(NdArray array, int batch) {
    return array.rank() > 0 && array.dimension(0) == batch;
  }

  /** Arrays of one type, equal but for the first axis, one after the other along it. */
  static NdArray concatenate(List<NdArray> parts) {
    NdArray first = parts.getFirst();
    if (parts.size() == 1) {
      return first;
    }
    long[] shape = first.shape();
    shape[0] = parts.stream().mapToLong(part -> part.dimension(0)).sum();
    if (first.type() == ElementType.STRING) {
      Stream<String> all = parts.stream().flatMap(part -> part.strings().stream());
      return NdArray.strings(all.toList(), shape);
    }
    long bytes = parts.stream().mapToLong(NdArray::heldBytes).sum();
    ByteBuffer data = ByteBuffer.allocate(Math.toIntExact(bytes)).order(ByteOrder.nativeOrder());
    parts.forEach(part -> data.put(part.data()));
    return NdArray.of(first.type(), data.flip(), shape);
  }

  /** Rows {@code from} to {@code to} - 1, the first axis kept; shares the elements. */
  static NdArray slice(NdArray array, int from, int to) {
    long[] shape = array.shape();
    int each = shape[0] == 0 ? 0 : (int) (array.size() / shape[0]);
    shape[0] = to - from;
    if (array.type() == ElementType.STRING) {
      return NdArray.strings(array.strings().subList(from * each, to * each), shape);
    }
    int bytes = each * array.type().bytes();
    ByteBuffer part = array.data().slice(from * bytes, (to - from) * bytes);
    return NdArray.of(array.type(), part.order(ByteOrder.nativeOrder()), shape);
  }

  /** Type and shape behind the first axis: what must be equal to share a run. */
  static String behindBatch(NdArray array) {
    long[] shape = array.shape();
    return array.type() + Arrays.toString(Arrays.copyOfRange(shape, 1, shape.length));
  }
}
