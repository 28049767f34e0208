package dev.hasten.graph;

import static dev.hasten.graph.OpFacts.Kind.CONTRACTION;
import static dev.hasten.graph.OpFacts.Kind.ELEMENTWISE;
import static dev.hasten.graph.OpFacts.Kind.NORMALIZATION;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Operators that ONNX Runtime adds to the standard: what fusion and quantization make. */
final class MicrosoftOperators {
  private MicrosoftOperators() {}

  static void addTo(Map<String, Operator> table) {
    for (String name : List.of("QuantizeLinear", "DequantizeLinear", "Gelu", "Trilu", "Unique")) {
      table.put(name, OperatorTable.standard(name));
    }
    for (String name : List.of("FastGelu", "BiasGelu", "QuickGelu")) {
      // The tail adds a bias along the last axis.
      table.put(
          name, Operator.of(ELEMENTWISE, ElementwiseOperators::same).flops(Operator.perOutput(8)));
    }
    for (String name : List.of("QLinearAdd", "QLinearMul")) {
      table.put(
          name,
          Operator.of(ELEMENTWISE, s -> s.put(0, s.type(0), s.broadcast(s.shape(0), s.shape(3))))
              .flow(Operator.Flow::first));
    }
    for (String name : List.of("QLinearSigmoid", "QLinearLeakyRelu", "QLinearSoftmax")) {
      table.put(name, ElementwiseOperators.unary(ElementwiseOperators::same));
    }
    for (String name : List.of("SkipLayerNormalization", "SkipSimplifiedLayerNormalization")) {
      table.put(
          name,
          NormalizationOperators.normalization(9, (_, rank, axis) -> axis == rank - 1)
              .inferredBy(MicrosoftOperators::skipNorm)
              .flow(MicrosoftOperators::skipNormFlow));
    }
    table.put(
        "EmbedLayerNormalization",
        Operator.of(NORMALIZATION, MicrosoftOperators::embed).flops(Operator.perOutput(10)));
    Operator fused = MatrixOperators.product(0, 1, s -> s.type(0));
    table.put(
        "FusedMatMul",
        fused
            .inferredBy(MicrosoftOperators::fusedMatMul)
            .flow((node, flow) ->
                Flows.matrixProduct(
                    node,
                    flow,
                    0,
                    1,
                    node.integer("transA", 0) != 0,
                    node.integer("transB", 0) != 0))
            .flops(node ->
                node.outputSize(0)
                    .times(node.input(0).dim(node.integer("transA", 0) != 0 ? -2 : -1))
                    .times(2)));
    table.put("FusedGemm", OperatorTable.standard("Gemm"));
    table.put("FusedConv", OperatorTable.standard("Conv"));
    table.put("DynamicQuantizeMatMul", MatrixOperators.product(0, 1, s -> s.type(0)));
    table.put("MatMulIntegerToFloat", MatrixOperators.product(0, 1, s -> s.type(2)));
    table.put("MatMulInteger16", MatrixOperators.product(0, 1, _ -> DataType.INT32));
    table.put("MatMulNBits", blockwise());
    table.put("Attention", attention(1, 2, 3));
    table.put("QAttention", attention(1, 2, 5));
    table.put(
        "MultiHeadAttention",
        Operator.of(CONTRACTION, MicrosoftOperators::multiHead)
            .flops(MicrosoftOperators::multiHeadFlops));
  }

  private static void skipNorm(Site site) {
    Shape input = site.shape(0);
    ElementwiseOperators.same(site);
    Shape statistics = null;
    if (input != null) {
      List<Dim> dims = new ArrayList<>(input.dims());
      dims.set(dims.size() - 1, Dim.ONE);
      statistics = new Shape(dims);
    }
    site.put(1, DataType.FLOAT, statistics);
    site.put(2, DataType.FLOAT, statistics);
    site.put(3, site.type(0), input);
  }

  private static void skipNormFlow(Costs.Shaped node, Operator.Flow flow) {
    int rank = node.input(0).rank();
    for (int i = 0; i < rank; i++) {
      flow.axis(
          0,
          i,
          i == rank - 1
              ? List.of(new AxisFlow.Mix(0, i), new AxisFlow.Mix(1, i))
              : List.of(new AxisFlow.Identity(0, i), new AxisFlow.Identity(1, i)));
    }
  }

  /** Ids and tables in; embeddings [batch, length, hidden], a mask index [batch], the plain sum. */
  private static void embed(Site site) {
    Shape ids = site.shape(0);
    Shape words = site.shape(2);
    if (ids == null || words == null || ids.rank() != 2) {
      site.put(0, site.type(2), site.freshShape(0, 3));
      return;
    }
    Shape output = Shape.of(ids.dim(0), ids.dim(1), words.dim(-1));
    site.put(0, site.type(2), output);
    site.put(1, DataType.INT32, Shape.of(ids.dim(0)));
    site.put(2, site.type(2), output);
  }

  private static void fusedMatMul(Site site) {
    Shape a = swapped(site.shape(0), site.integer("transA", 0) != 0);
    Shape b = swapped(site.shape(1), site.integer("transB", 0) != 0);
    boolean batches = site.integer("transBatchA", 0) != 0 || site.integer("transBatchB", 0) != 0;
    site.put(0, site.type(0), batches ? null : MatrixOperators.product(site, a, b));
  }

  private static @Nullable Shape swapped(@Nullable Shape shape, boolean swap) {
    if (shape == null || !swap || shape.rank() < 2) {
      return shape;
    }
    List<Dim> dims = new ArrayList<>(shape.dims());
    java.util.Collections.swap(dims, dims.size() - 1, dims.size() - 2);
    return new Shape(dims);
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
        .flops(node -> node.outputSize(0).times(node.integer("K", 0)).times(2));
  }

  /**
   * Projection of input [batch, length, hidden] by weights [hidden, 3·width], then attention: the
   * result is [batch, length, width], and the state [2, batch, heads, past + length, width /
   * heads].
   */
  private static Operator attention(int weight, int bias, int mask) {
    return Operator.of(CONTRACTION, site -> attention(site, weight, bias))
        .flow((node, flow) -> {
          flow.axis(0, 0, new AxisFlow.Identity(0, 0));
          flow.axis(0, 1, new AxisFlow.Mix(0, 1));
          flow.axis(0, 2);
          flow.contract(0, 2, weight, 0);
        })
        .flops(node -> {
          Shape in = node.input(0);
          Dim rows = in.dim(0).times(in.dim(1));
          Dim projections = rows.times(in.dim(2)).times(node.input(weight).dim(1)).times(2);
          Dim width = node.output(0).dim(2);
          return projections.plus(rows.times(in.dim(1)).times(width).times(4));
        });
  }

  private static void attention(Site site, int weight, int bias) {
    Shape input = site.shape(0);
    Shape weights = site.shape(weight);
    DataType type = site.node().is("QAttention") ? site.type(3) : site.type(0);
    long[] widths = site.integers("qkv_hidden_sizes");
    if (input == null || (weights == null && widths == null) || input.rank() != 3) {
      site.put(0, type, site.freshShape(0, 3));
      return;
    }
    Shape biases = site.shape(bias);
    Dim all = weights != null ? weights.dim(-1) : biases == null ? Dim.ZERO : biases.dim(0);
    Dim width = widths != null && widths.length == 3 ? Dim.of(widths[2]) : all.floorDiv(3);
    site.put(0, type, Shape.of(input.dim(0), input.dim(1), width));
    long heads = site.integer("num_heads", 0);
    if (heads > 0) {
      Shape past = site.shape(4);
      Dim length =
          past == null || site.node().is("QAttention")
              ? input.dim(1)
              : input.dim(1).plus(past.dim(3));
      site.put(1, type, Shape.of(2, input.dim(0), heads, length, width.floorDiv(heads)));
    }
  }

  private static void multiHead(Site site) {
    Shape query = site.shape(0);
    Shape value = site.shape(2);
    if (query == null || query.rank() != 3 || value == null || value.rank() != 3) {
      site.put(0, site.type(0), site.freshShape(0, 3));
      return;
    }
    site.put(0, site.type(0), Shape.of(query.dim(0), query.dim(1), value.dim(2)));
  }

  private static Dim multiHeadFlops(Costs.Shaped node) {
    Shape query = node.input(0);
    Dim rows = query.dim(0).times(query.dim(1)).times(node.input(1).dim(1));
    return rows.times(query.dim(2).plus(node.output(0).dim(2))).times(2);
  }
}
