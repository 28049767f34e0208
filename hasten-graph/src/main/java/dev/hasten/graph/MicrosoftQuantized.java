package dev.hasten.graph;

import static dev.hasten.graph.OpFacts.Kind.CONTRACTION;
import static dev.hasten.graph.OpFacts.Kind.ELEMENTWISE;
import static dev.hasten.graph.OpFacts.Kind.GATHER;
import static dev.hasten.graph.OpFacts.Kind.NORMALIZATION;
import static dev.hasten.graph.OpFacts.Kind.REDUCTION;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** ONNX Runtime's operators on quantized tensors. */
final class MicrosoftQuantized {
  private MicrosoftQuantized() {}

  static void addTo(Map<String, Operator> table) {
    for (String name : List.of("QuantizeLinear", "DequantizeLinear", "QLinearConv")) {
      table.put(name, OperatorTable.standard(name));
    }
    for (String name : List.of("QLinearAdd", "QLinearMul")) {
      table.put(
          name,
          Operator.of(ELEMENTWISE, s -> s.put(0, s.type(0), s.broadcast(s.shape(0), s.shape(3))))
              .flow(Operator.Flow::first));
    }
    table.put(
        "QLinearWhere",
        Operator.of(
            ELEMENTWISE,
            s ->
                s.put(0, s.type(1), s.broadcast(s.shape(0), s.broadcast(s.shape(1), s.shape(4))))));
    for (String name : List.of("QLinearSigmoid", "QLinearLeakyRelu", "QOrderedGelu")) {
      table.put(name, ElementwiseOperators.unary(ElementwiseOperators::same));
    }
    table.put(
        "QLinearSoftmax",
        NormalizationOperators.normalization(
            5,
            (node, rank, axis) -> axis == ShapingOperators.axis(node.integer("axis", -1), rank)));
    table.put("QLinearConcat", Operator.of(GATHER, MicrosoftQuantized::concat));
    table.put(
        "QLinearAveragePool",
        Operator.of(REDUCTION, s -> ConvolutionOperators.pool(s, firstSpatial(s)))
            .flops("outputs × window", ConvolutionOperators::poolFlops));
    table.put(
        "NhwcMaxPool",
        Operator.of(REDUCTION, s -> ConvolutionOperators.pool(s, 1))
            .flops("outputs × window", ConvolutionOperators::poolFlops));
    table.put("QLinearGlobalAveragePool", Operator.of(REDUCTION, MicrosoftQuantized::globalPool));
    table.put("QLinearReduceMean", OperatorTable.standard("ReduceMean"));
    table.put(
        "ReduceSumInteger",
        OperatorTable.standard("ReduceSum")
            .inferredBy(s -> {
              ReductionOperators.reduce(s, null);
              s.put(
                  0,
                  s.type(0) == DataType.UINT8 ? DataType.UINT32 : DataType.INT32,
                  s.found().getFirst().shape());
            }));
    table.put(
        "QGemm",
        OperatorTable.standard("Gemm")
            .inferredBy(MicrosoftQuantized::gemm)
            .flow((node, flow) ->
                Flows.matrixProduct(
                    node,
                    flow,
                    0,
                    3,
                    node.integer("transA", 0) != 0,
                    node.integer("transB", 0) != 0)));
    table.put("DynamicQuantizeMatMul", MatrixOperators.product(0, 1, s -> s.type(0)));
    table.put("MatMulIntegerToFloat", MatrixOperators.product(0, 1, s -> s.type(2)));
    table.put("MatMulInteger16", MatrixOperators.product(0, 1, _ -> DataType.INT32));
    table.put("MatMulNBits", blockwise());
    table.put("MatMulBnb4", blockwise());
    table.put(
        "DynamicQuantizeLSTM",
        OperatorTable.standard("LSTM").inferredBy(s -> RecurrentOperators.infer(s, 1)));
    table.put("GatherBlockQuantized", Operator.of(GATHER, MicrosoftQuantized::gatherBlocks));
    table.put("MoE", Operator.of(CONTRACTION, ElementwiseOperators::same));
    table.put("QMoE", Operator.of(CONTRACTION, ElementwiseOperators::same));
    table.put(
        "QOrderedLayerNormalization",
        NormalizationOperators.normalization(8, NormalizationOperators::fromAxis));
    table.put(
        "QEmbedLayerNormalization",
        Operator.of(
                NORMALIZATION,
                s -> {
                  Shape ids = s.shape(0);
                  Shape words = s.shape(2);
                  boolean known = ids != null && words != null && ids.rank() == 2;
                  s.put(
                      0,
                      s.type(8),
                      known && ids != null && words != null
                          ? Shape.of(ids.dim(0), ids.dim(1), words.dim(-1))
                          : s.freshShape(0, 3));
                  s.put(1, DataType.INT32, ids == null ? null : Shape.of(ids.dim(0)));
                })
            .flops(Operator.perOutput(10)));
  }

  private static int firstSpatial(Site site) {
    return site.integer("channels_last", 0) != 0 ? 1 : 2;
  }

  /** Each input comes with its scale and zero point. */
  private static void concat(Site site) {
    Shape joined = site.shape(2);
    for (int i = 5; i < site.inputCount() && joined != null; i += 3) {
      Shape next = site.shape(i);
      joined = next == null ? null : MovingOperators.joined(site, joined, next);
    }
    site.put(0, site.type(1), joined);
  }

  private static void globalPool(Site site) {
    Shape in = site.shape(0);
    if (in == null) {
      site.put(0, site.type(0), null);
      return;
    }
    List<Dim> dims = new ArrayList<>(in.dims());
    int first = firstSpatial(site);
    for (int i = first; i < dims.size() - (2 - first); i++) {
      dims.set(i, Dim.ONE);
    }
    site.put(0, site.type(0), new Shape(dims));
  }

  private static void gemm(Site site) {
    Shape a = site.shape(0);
    Shape b = site.shape(3);
    DataType type = site.has(8) ? site.type(8) : DataType.FLOAT;
    if (a == null || b == null || a.rank() != 2 || b.rank() != 2) {
      site.put(0, type, site.freshShape(0, 2));
      return;
    }
    int rows = site.integer("transA", 0) != 0 ? 1 : 0;
    int columns = site.integer("transB", 0) != 0 ? 0 : 1;
    site.put(0, type, Shape.of(a.dim(rows), b.dim(columns)));
  }

  /** Weights packed in blocks; their lengths are the attributes K and N. */
  private static Operator blockwise() {
    return Operator.of(
            CONTRACTION,
            site -> {
              Shape input = site.shape(0);
              if (input == null) {
                site.put(0, site.type(0), null);
                return;
              }
              List<Dim> dims = new ArrayList<>(input.dims());
              dims.set(dims.size() - 1, Dim.of(site.integer("N", 0)));
              site.put(0, site.type(0), new Shape(dims));
            })
        .flow((node, flow) -> {
          for (int i = 0; i < node.input(0).rank() - 1; i++) {
            flow.axis(0, i, new AxisFlow.Identity(0, i));
          }
        })
        .flops("2 × outputs × K", node -> node.outputSize(0).times(node.integer("K", 0)).times(2));
  }

  /** A lookup in a table of packed numbers: bytes hold several of them along the last axis. */
  private static void gatherBlocks(Site site) {
    Shape data = site.shape(0);
    Shape indices = site.shape(1);
    if (data == null || indices == null) {
      site.put(0, site.type(2), null);
      return;
    }
    int axis = ShapingOperators.axis(site.integer("gather_axis", 0), data.rank());
    List<Dim> dims = new ArrayList<>(data.dims());
    if (site.type(0) == DataType.UINT8) {
      long perByte = 8 / Math.clamp(site.integer("bits", 4), 1, 8);
      dims.set(dims.size() - 1, dims.getLast().times(perByte));
    }
    dims.remove(axis);
    dims.addAll(axis, indices.dims());
    site.put(0, site.type(2), new Shape(dims));
  }
}
