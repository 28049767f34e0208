package dev.hasten.compress;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A matrix in blocks of few bits, as MatMulNBits and GatherBlockQuantized of ONNX Runtime read it:
 * each row is cut into blocks, the last one padded.
 *
 * @param rows output channels of a product, or entries of a table
 * @param columns inputs of a product, or the width of a table
 * @param values one number per byte, {@code [rows, blocks · size]}
 * @param scales {@code [rows, blocks]}
 * @param zeros one per byte, {@code [rows, blocks]}
 */
record BlockWeight(
    BlockFormat format, int rows, int columns, byte[] values, float[] scales, byte[] zeros) {

  /** Room for a matrix; nothing is set. */
  static BlockWeight empty(BlockFormat format, int rows, int columns) {
    int blocks = format.blocks(columns);
    return new BlockWeight(
        format,
        rows,
        columns,
        new byte[Math.multiplyExact(rows, blocks * format.size())],
        new float[rows * blocks],
        new byte[rows * blocks]);
  }

  /** Each number becomes the nearest one, after {@code fit} has chosen what to choose from. */
  static BlockWeight nearest(
      float[] matrix, int rows, int columns, BlockFormat format, BlockFormat.Fit fit) {
    BlockWeight out = empty(format, rows, columns);
    IntStream.range(0, rows)
        .parallel()
        .forEach(row -> {
          for (int from = 0; from < columns; from += format.size()) {
            int to = Math.min(columns, from + format.size());
            float[] block = Arrays.copyOfRange(matrix, row * columns + from, row * columns + to);
            BlockFormat.Range range = fit.of(block, format);
            out.set(row, from / format.size(), range);
            for (int i = 0; i < block.length; i++) {
              out.set(row, from + i, format.round(block[i], range));
            }
          }
        });
    return out;
  }

  private int blocks() {
    return format.blocks(columns);
  }

  /** Sets what a block's numbers share, and its padding to zero. */
  void set(int row, int block, BlockFormat.Range range) {
    scales[row * blocks() + block] = range.scale();
    zeros[row * blocks() + block] = (byte) range.zero();
    int end = (row * blocks() + block + 1) * format.size();
    int padding = Math.max(0, (block + 1) * format.size() - columns);
    Arrays.fill(values, end - padding, end, (byte) range.zero());
  }

  void set(int row, int column, int q) {
    values[row * blocks() * format.size() + column] = (byte) q;
  }

  BlockFormat.Range range(int row, int block) {
    int at = row * blocks() + block;
    return new BlockFormat.Range(scales[at], Byte.toUnsignedInt(zeros[at]));
  }

  /** The matrix that the runtime will compute with, {@code [rows, columns]}. */
  float[] real() {
    float[] out = new float[rows * columns];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        int q = Byte.toUnsignedInt(values[row * blocks() * format.size() + column]);
        out[row * columns + column] = range(row, column / format.size()).real(q);
      }
    }
    return out;
  }

  /**
   * As initializers.
   *
   * @param zeros null where the format is symmetric
   */
  record Stored(Value numbers, Value scales, @Nullable Value zeros) {}

  /** For MatMulNBits. */
  Stored store(Graph graph, String base) {
    return store(graph, base, packed());
  }

  /** For GatherBlockQuantized; the width must fill whole bytes. */
  Stored storeTable(Graph graph, String base) {
    byte[] dense = new byte[rows * columns];
    for (int row = 0; row < rows; row++) {
      System.arraycopy(values, row * blocks() * format.size(), dense, row * columns, columns);
    }
    return store(
        graph,
        base,
        Tensor.bytes(DataType.UINT8, packed(dense, columns), rows, columns * format.bits() / 8));
  }

  private Stored store(Graph graph, String base, Tensor numbers) {
    return new Stored(
        graph.addInitializer(base + "_q", numbers),
        graph.addInitializer(base + "_scale", scaleTensor()),
        format.symmetric() ? null : graph.addInitializer(base + "_zero", zeroTensor()));
  }

  /** {@code uint8[rows, blocks, size · bits / 8]}, the first number in the low bits. */
  Tensor packed() {
    return Tensor.bytes(
        DataType.UINT8,
        packed(values, blocks() * format.size()),
        rows,
        blocks(),
        format.size() * format.bits() / 8);
  }

  Tensor scaleTensor() {
    return Tensor.floats(scales, rows, blocks());
  }

  /** {@code uint8[rows, ⌈blocks · bits / 8⌉]}; not needed where the format is symmetric. */
  Tensor zeroTensor() {
    byte[] packed = packed(zeros, blocks());
    return Tensor.bytes(DataType.UINT8, packed, rows, packed.length / rows);
  }

  private byte[] packed(byte[] numbers, int width) {
    if (format.bits() == 8) {
      return numbers;
    }
    int bytes = (width + 1) / 2;
    byte[] out = new byte[rows * bytes];
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < width; i++) {
        out[row * bytes + i / 2] |= (byte) (numbers[row * width + i] << (i % 2 * 4));
      }
      if (width % 2 == 1) { // the half byte left over, as the runtime's own tools fill it
        out[row * bytes + bytes - 1] |= (byte) (format.middle() << 4);
      }
    }
    return out;
  }
}
