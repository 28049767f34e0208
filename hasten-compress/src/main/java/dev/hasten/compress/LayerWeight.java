package dev.hasten.compress;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import java.util.Map;

/**
 * The weight of a MatMul, Gemm or Conv in bytes, laid out as the node wants it.
 *
 * <p>Inside it is a matrix {@code [K, N]} whose k run in the order in which the kernels add: for
 * {@code Conv [M, C/g, k…]} through the channels of one kernel position, then the next position.
 */
final class LayerWeight {
  private final float[] matrix;
  private final int rows;
  private final int columns;
  private final Tensor original;

  /** Where element {@code [r, c]} of the matrix stands in the node's tensor. */
  private final Layout layout;

  private final WeightRange range;
  private QuantizedWeight bytes;
  private boolean unsigned;

  /** Integers of a bias, of scale {@code input scale · weight scale}, and those scales. */
  record Bias(Tensor codes, Tensor scales) {}

  private enum Layout {
    /** {@code [K, N]}. */
    COLUMNS,
    /** {@code [N, K]}, as of a Gemm with transB. */
    ROWS,
    /** {@code [M, C/g, k…]}. */
    FILTERS
  }

  private LayerWeight(Tensor original, Layout layout, boolean perChannel, WeightRange range) {
    this.original = original;
    this.layout = layout;
    this.columns = Math.toIntExact(original.dim(layout == Layout.COLUMNS ? 1 : 0));
    this.rows = Math.toIntExact(original.size() / columns);
    this.matrix = new float[rows * columns];
    float[] from = original.toFloats();
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        matrix[r * columns + c] = from[position(r, c)];
      }
    }
    this.range = range;
    this.bytes =
        QuantizedWeight.of(matrix, rows, columns, perChannel, range, QuantizedWeight.Clip.NONE);
  }

  /**
   * @param range resolved, see {@link WeightRange#on}
   */
  static LayerWeight of(Node node, boolean perChannel, WeightRange range) {
    Layout layout =
        node.is("Conv")
            ? Layout.FILTERS
            : node.is("Gemm") && node.intAttribute("transB", 0) == 1 ? Layout.ROWS : Layout.COLUMNS;
    return new LayerWeight(Targets.constant(node.input(1)), layout, perChannel, range);
  }

  private int position(int row, int column) {
    return switch (layout) {
      case COLUMNS -> row * columns + column;
      case ROWS -> column * rows + row;
      case FILTERS -> {
        int channels = Math.toIntExact(original.dim(1));
        int kernel = rows / channels;
        yield column * rows + row % channels * kernel + row / channels;
      }
    };
  }

  /**
   * The layer as kernels see it.
   *
   * @param paired the same weight as {@link WeightRange#PAIRED}
   */
  PairSums.Product product(LayerWeight paired, int groups) {
    int channels = layout == Layout.FILTERS ? Math.toIntExact(original.dim(1)) : rows;
    int kernel = rows / channels;
    return new PairSums.Product(
        matrix, bytes, paired.bytes, groups, r -> r % channels * kernel + r / channels);
  }

  /** How many sums of two products some activations would make saturate at 16 bits. */
  int saturatingPairs() {
    return unsigned ? 0 : bytes.saturatingPairs();
  }

  /** The relative squared error: ‖W − Ŵ‖² / ‖W‖². */
  double error() {
    return bytes.error(matrix);
  }

  /** From now on stored as unsigned bytes around 128, for the kernels that do not saturate. */
  void makeUnsigned() {
    unsigned = true;
  }

  Tensor tensor() {
    byte[] ordered = new byte[rows * columns];
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        int value = bytes.values()[r * columns + c];
        ordered[position(r, c)] = (byte) (unsigned ? value + 128 : value);
      }
    }
    long[] dims = original.dims().stream().mapToLong(Long::longValue).toArray();
    return Tensor.bytes(unsigned ? DataType.UINT8 : DataType.INT8, ordered, dims);
  }

  Tensor scaleTensor() {
    return bytes.scaleTensor();
  }

  Tensor zeroTensor() {
    return bytes.zeroPointTensor(unsigned);
  }

  Map<String, Attribute> axisAttribute() {
    return scaleTensor().rank() == 0
        ? Map.of()
        : Map.of("axis", new Attribute.Int(layout == Layout.COLUMNS ? 1 : 0));
  }

  /**
   * Makes the scales so wide that a bias fits 32 bits: a channel with nearly no weights but a bias
   * would overflow.
   *
   * @return whether any had to be
   */
  boolean fitBias(float[] bias, float inputScale) {
    float[] scales = bytes.scales().clone();
    boolean widened = false;
    for (int i = 0; i < bias.length; i++) {
      int channel = scales.length == 1 ? 0 : i;
      // 2^30: the products are added on top.
      double least =
          Math.max(Math.abs(bias[i]) / (double) inputScale / (1 << 30), least(inputScale));
      if (scales[channel] < least) {
        scales[channel] = (float) (least * (1 + 1e-6));
        widened = true;
      }
    }
    if (widened) {
      bytes = bytes.withScales(matrix, scales, range);
    }
    return widened;
  }

  private static double least(float inputScale) {
    return Float.MIN_NORMAL / (double) inputScale;
  }

  Bias bias(float[] bias, float inputScale) {
    float[] scales = bytes.scales().clone();
    for (int i = 0; i < scales.length; i++) {
      scales[i] *= inputScale;
    }
    int[] codes = new int[bias.length];
    for (int i = 0; i < codes.length; i++) {
      codes[i] =
          (int)
              Math.clamp(
                  Math.rint(bias[i] / (double) scales[scales.length == 1 ? 0 : i]),
                  Integer.MIN_VALUE,
                  Integer.MAX_VALUE);
    }
    return new Bias(
        Tensor.ints(codes, codes.length),
        scaleTensor().rank() == 0
            ? Tensor.scalar(scales[0])
            : Tensor.floats(scales, scales.length));
  }

  /** For reports: {@code [64, 32, 3, 3] in int8 ±127}. */
  @Override
  public String toString() {
    return original.dims()
        + (unsigned ? " in uint8, whose kernels do not saturate" : " in int8 " + range);
  }
}
