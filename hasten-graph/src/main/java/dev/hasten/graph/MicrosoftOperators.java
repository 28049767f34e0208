package dev.hasten.graph;

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
    for (String name : "GatherND Gelu GridSample Pad Range SwiGLU Trilu Unique".split(" ")) {
      table.put(name, OperatorTable.standard(name));
    }
    for (String name :
        """
        BiasAdd BiasSoftmax BranchwiseRMSNorm GatedAdd GatedRMSNorm GroupNorm Inverse SampleOp
        ScaledSiLU SkipGroupNorm
        """
            .split("\\s+")) {
      table.put(
          name, Operator.of(ELEMENTWISE, ElementwiseOperators::same).flops(Operator.perOutput(6)));
    }
    table.put("NGramRepeatBlock", Operator.of(ELEMENTWISE, s -> s.put(0, s.type(1), s.shape(1))));
    table.put(
        "BiasDropout",
        Operator.of(
            ELEMENTWISE,
            s -> {
              ElementwiseOperators.same(s);
              s.put(1, DataType.BOOL, s.shape(0));
            }));
    for (String name : List.of("ComplexMul", "ComplexMulConj")) {
      table.put(
          name,
          Operator.of(ELEMENTWISE, s -> s.put(0, s.type(0), s.broadcast(s.shape(0), s.shape(1)))));
    }
    MicrosoftReshaping.addTo(table);
    for (String name : List.of("FastGelu", "BiasGelu", "QuickGelu")) {
      // The tail adds a bias along the last axis.
      table.put(
          name, Operator.of(ELEMENTWISE, ElementwiseOperators::same).flops(Operator.perOutput(8)));
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
    Operator withFlags =
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
            .flops(
                "2 × outputs × inner length",
                node ->
                    node.outputSize(0)
                        .times(node.input(0).dim(node.integer("transA", 0) != 0 ? -2 : -1))
                        .times(2));
    table.put("FusedMatMul", withFlags);
    table.put("TransposeMatMul", withFlags);
    table.put("FusedGemm", OperatorTable.standard("Gemm"));
    table.put("FusedConv", OperatorTable.standard("Conv"));
    table.put("GemmFastGelu", MatrixOperators.product(0, 1, s -> s.type(0)));
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
}
