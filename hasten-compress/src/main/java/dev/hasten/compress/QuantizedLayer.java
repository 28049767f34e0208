package dev.hasten.compress;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A Conv, Gemm or MatMul after quantization, whatever form it took: between DequantizeLinears, as
 * an operator on integers, with activations quantized at run time, or with only its weight stored
 * in bytes. It is found by the name of its node, which the quantizers keep.
 *
 * <p>The weight is seen as rows: one per output channel, its elements in the order of {@link
 * Patches}.
 */
final class QuantizedLayer {
  /** What is quantized before and multiplied after, instead of within one operator. */
  private static final Set<String> TRANSPOSED =
      Set.of("MatMul", "MatMulInteger", "QLinearMatMul", "MatMulIntegerToFloat");

  private static final int QLINEAR_BIAS = 8;
  private static final int QGEMM_BIAS = 6;

  private final Node node;
  private final Value codes;
  private final float[] scales;
  private final int zero;
  private final int rows;
  private final boolean columns;

  private QuantizedLayer(
      Node node, Value codes, Tensor scales, @Nullable Tensor zero, int rows, boolean columns) {
    this.node = node;
    this.codes = codes;
    this.scales = scales.toFloats();
    this.zero = zero == null ? 0 : (int) zero.toLongs()[0];
    this.rows = rows;
    this.columns = columns;
  }

  /** The node as a quantized layer, or null if it is not one or is in a form not known. */
  static @Nullable QuantizedLayer of(Node node) {
    Parts parts = parts(node);
    if (parts == null) {
      return null;
    }
    Tensor codes = parts.codes.constant();
    Tensor scales = parts.scales.constant();
    Tensor zero = parts.zero == null ? null : parts.zero.constant();
    boolean known =
        codes != null
            && scales != null
            && (codes.type() == DataType.INT8 || codes.type() == DataType.UINT8)
            && codes.rank() >= 2
            && (parts.zero == null || zero != null && sameEverywhere(zero));
    if (!known || codes == null || scales == null) {
      return null;
    }
    boolean columns =
        TRANSPOSED.contains(node.opType())
            || node.opType().endsWith("Gemm") && node.intAttribute("transB", 0) == 0;
    int rows = Math.toIntExact(codes.dim(columns ? 1 : 0));
    return scales.size() == 1 || scales.size() == rows
        ? new QuantizedLayer(node, parts.codes, scales, zero, rows, columns)
        : null;
  }

  private record Parts(Value codes, Value scales, @Nullable Value zero) {}

  private static @Nullable Parts parts(Node node) {
    return switch (node.opType()) {
      case "Conv", "Gemm", "MatMul" -> stored(node.input(1).producer());
      case "QLinearConv", "QLinearMatMul", "QGemm" ->
          new Parts(node.input(3), node.input(4), node.inputOrNull(5));
      case "MatMulIntegerToFloat" -> new Parts(node.input(1), node.input(3), node.inputOrNull(5));
      case "MatMulInteger" -> {
        Value scales = dynamicScales(node);
        yield scales == null ? null : new Parts(node.input(1), scales, node.inputOrNull(3));
      }
      default -> null;
    };
  }

  /** A weight behind DequantizeLinear, or behind Cast and Mul. */
  private static @Nullable Parts stored(@Nullable Node producer) {
    if (producer == null) {
      return null;
    }
    if (producer.is("DequantizeLinear")) {
      return new Parts(producer.input(0), producer.input(1), producer.inputOrNull(2));
    }
    Node cast = producer.is("Mul") ? producer.input(0).producer() : null;
    return cast != null && cast.is("Cast")
        ? new Parts(cast.input(0), producer.input(1), null)
        : null;
  }

  /** {@code Mul(Cast(MatMulInteger), Mul(activation scale, weight scales))}. */
  private static @Nullable Value dynamicScales(Node node) {
    Node scaled = scaledBy(node);
    Node scale = scaled == null ? null : scaled.input(1).producer();
    return scale != null && scale.is("Mul") ? scale.input(1) : null;
  }

  private static @Nullable Node scaledBy(Node product) {
    Node cast = onlyReader(product.output());
    Node scaled = cast != null && cast.is("Cast") ? onlyReader(cast.output()) : null;
    return scaled != null && scaled.is("Mul") ? scaled : null;
  }

  private static @Nullable Node onlyReader(Value value) {
    return value.isOutput() || value.users().size() != 1 ? null : value.users().getFirst().node();
  }

  private static boolean sameEverywhere(Tensor tensor) {
    long[] values = tensor.toLongs();
    return Arrays.stream(values).allMatch(v -> v == values[0]);
  }

  Node node() {
    return node;
  }

  int rows() {
    return rows;
  }

  /** The activations that it takes, for {@link #activations}. */
  Value data() {
    Value data = node.input(0);
    Node producer = data.producer();
    boolean dynamic = producer != null && producer.is("DynamicQuantizeLinear");
    return dynamic && producer != null ? producer.input(0) : data;
  }

  /** How activations in integers become real: scale and zero point; (1, 0) where they are. */
  float[] dataCode() {
    int scale = node.opType().startsWith("Q") ? 1 : node.is("MatMulIntegerToFloat") ? 2 : -1;
    Node producer = node.input(0).producer();
    if (scale < 0 || producer != null && producer.is("DynamicQuantizeLinear")) {
      return new float[] {1, 0};
    }
    Value zero = node.inputOrNull(node.opType().startsWith("Q") ? 2 : 4);
    return new float[] {
      Targets.constant(node.input(scale)).toFloats()[0],
      zero == null ? 0 : Targets.constant(zero).toFloats()[0]
    };
  }

  float scale(int row) {
    return scales.length == 1 ? scales[0] : scales[row];
  }

  /** The whole numbers, around zero: {@code [rows][patch]}. */
  int[][] values() {
    long[] stored = Targets.constant(codes).toLongs();
    int width = stored.length / rows;
    int[][] values = new int[rows][width];
    for (int r = 0; r < rows; r++) {
      for (int j = 0; j < width; j++) {
        values[r][j] = (int) stored[at(r, j, width)] - zero;
      }
    }
    return values;
  }

  private int at(int row, int element, int width) {
    return columns ? element * rows + row : row * width + element;
  }

  /** Stores other whole numbers of the same size. */
  void store(int[][] values) {
    Tensor before = Targets.constant(codes);
    int width = values[0].length;
    byte[] bytes = new byte[rows * width];
    for (int r = 0; r < rows; r++) {
      for (int j = 0; j < width; j++) {
        bytes[at(r, j, width)] = (byte) (values[r][j] + zero);
      }
    }
    long[] dims = before.dims().stream().mapToLong(Long::longValue).toArray();
    node.graph().setInitializer(codes, Tensor.bytes(before.type(), bytes, dims));
  }

  /** Whether other layers share the weight. */
  boolean shared() {
    return !codes.isInitializer() || codes.users().size() != 1;
  }

  /** Whether rows belong to a {@code [K,N]} weight, in which consecutive k meet in one sum. */
  int pairStride(Tensor original) {
    if (!node.is("Conv") && !node.is("QLinearConv")) {
      return 1;
    }
    int window = 1;
    for (int axis = 2; axis < original.rank(); axis++) {
      window *= Math.toIntExact(original.dim(axis));
    }
    return window;
  }

  // ---- bias ----

  /** The bias per output channel; null where the layer has no place for one. */
  double @Nullable [] bias() {
    Value held = biasValue();
    if (held == null) {
      return hasPlace() ? new double[rows] : null;
    }
    Tensor real = held.constant();
    if (real != null && real.type() == DataType.FLOAT) {
      return perRow(real.toDoubles());
    }
    Value integers = integerBias();
    if (integers == null) {
      return null;
    }
    double[] values = perRow(Targets.constant(integers).toDoubles());
    for (int r = 0; values != null && r < rows; r++) {
      values[r] *= biasScale(r);
    }
    return values;
  }

  private double @Nullable [] perRow(double[] values) {
    return values.length == rows ? values : null;
  }

  /** Whether a bias could be added to the node itself. */
  private boolean hasPlace() {
    return Set.of("Conv", "Gemm", "QLinearConv", "QGemm").contains(node.opType())
        && !(node.is("Gemm") && node.floatAttribute("beta", 1) != 1);
  }

  private int biasInput() {
    return switch (node.opType()) {
      case "QLinearConv" -> QLINEAR_BIAS;
      case "QGemm" -> QGEMM_BIAS;
      default -> 2;
    };
  }

  /** The bias as the node reads it, or as the Add behind it does. */
  private @Nullable Value biasValue() {
    if (hasPlace()) {
      return node.inputOrNull(biasInput());
    }
    Node add = add();
    return add == null ? null : add.input(addend(add));
  }

  private @Nullable Node add() {
    Node last = node.is("MatMulInteger") ? scaledBy(node) : node;
    Node reader = last == null ? null : onlyReader(last.output());
    return reader != null && reader.is("Add") && addend(reader) >= 0 ? reader : null;
  }

  private static int addend(Node add) {
    return add.input(1).constant() != null ? 1 : add.input(0).constant() != null ? 0 : -1;
  }

  private @Nullable Value integerBias() {
    Value held = biasValue();
    if (held == null) {
      return null;
    }
    Node producer = held.producer();
    Value integers = producer != null && producer.is("DequantizeLinear") ? producer.input(0) : held;
    Tensor tensor = integers.constant();
    return tensor != null && tensor.type() == DataType.INT32 ? integers : null;
  }

  /** What one step of an integer bias is worth: {@code input scale · weight scale}. */
  private double biasScale(int row) {
    Value held = biasValue();
    Node producer = held == null ? null : held.producer();
    if (producer != null && producer.is("DequantizeLinear")) {
      float[] own = Targets.constant(producer.input(1)).toFloats();
      return own[own.length == 1 ? 0 : row];
    }
    Node before = node.input(0).producer();
    double input =
        before != null && before.is("DequantizeLinear")
            ? Targets.constant(before.input(1)).toFloats()[0]
            : dataCode()[0];
    return input * scale(row);
  }

  /** Adds to the bias of each output channel, in steps of its scale where it is in integers. */
  void addToBias(double[] more) {
    Graph graph = node.graph();
    Value held = biasValue();
    Value integers = integerBias();
    if (integers != null) {
      int[] codes = new int[rows];
      long[] old = Targets.constant(integers).toLongs();
      for (int r = 0; r < rows; r++) {
        codes[r] =
            (int)
                Math.clamp(
                    old[r] + Math.rint(more[r] / biasScale(r)),
                    Integer.MIN_VALUE,
                    Integer.MAX_VALUE);
      }
      Value changed = graph.addInitializer(integers.name(), Tensor.ints(codes, rows));
      Node producer = held == null ? null : held.producer();
      if (producer != null && producer.is("DequantizeLinear")) {
        reread(producer, changed);
      } else {
        graph.setInput(node, biasInput(), changed);
      }
    } else if (held != null) {
      realBias(graph, held, more);
    } else {
      newBias(graph, more);
    }
    graph.removeDead();
  }

  private void reread(Node dequantize, Value changed) {
    Graph graph = node.graph();
    Value own =
        graph.op(
            dequantize.output().name(),
            "DequantizeLinear",
            Arrays.asList(changed, dequantize.input(1), dequantize.inputOrNull(2)),
            dequantize.attributes());
    graph.setInput(node, biasInput(), own);
  }

  private void realBias(Graph graph, Value held, double[] more) {
    Tensor before = Targets.constant(held);
    float[] sum = before.toFloats();
    for (int r = 0; r < rows; r++) {
      sum[r] += (float) more[r];
    }
    long[] dims = before.dims().stream().mapToLong(Long::longValue).toArray();
    Value changed = graph.addInitializer(held.name(), Tensor.floats(sum, dims));
    Node add = hasPlace() ? node : add();
    if (add == null) {
      throw new IllegalStateException(node + " has no bias");
    }
    graph.setInput(add, hasPlace() ? biasInput() : addend(add), changed);
  }

  private void newBias(Graph graph, double[] more) {
    Node before = node.input(0).producer();
    boolean pair = before != null && before.is("DequantizeLinear");
    String name = node.output().name() + "_bias";
    if (!pair && !node.opType().startsWith("Q")) {
      float[] real = new float[rows];
      for (int r = 0; r < rows; r++) {
        real[r] = (float) more[r];
      }
      graph.setInput(node, biasInput(), graph.addInitializer(name, Tensor.floats(real, rows)));
      return;
    }
    int[] codes = new int[rows];
    float[] steps = new float[rows];
    for (int r = 0; r < rows; r++) {
      steps[r] = (float) biasScale(r);
      codes[r] = (int) Math.rint(more[r] / steps[r]);
    }
    Value bias = graph.addInitializer(name, Tensor.ints(codes, rows));
    if (pair) {
      Value scale = graph.addInitializer(name + "_scale", Tensor.floats(steps, rows));
      bias =
          graph.op(
              name + "_dq",
              "DequantizeLinear",
              List.of(bias, scale),
              Map.of("axis", new dev.hasten.graph.Attribute.Int(0)));
    }
    graph.setInput(node, biasInput(), bias);
  }
}
