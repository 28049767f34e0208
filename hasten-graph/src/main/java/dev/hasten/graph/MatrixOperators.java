package dev.hasten.graph;

import static dev.hasten.graph.OpFacts.Kind.CONTRACTION;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Matrix products. */
final class MatrixOperators {
  private MatrixOperators() {}

  static void addTo(Map<String, Operator> table) {
    table.put("MatMul", product(0, 1, s -> s.type(0)));
    table.put("MatMulInteger", product(0, 1, _ -> DataType.INT32));
    table.put("QLinearMatMul", product(0, 3, s -> s.type(7)));
    table.put(
        "Gemm",
        Operator.of(CONTRACTION, MatrixOperators::gemm)
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
                        .times(node.input(0).dim(node.integer("transA", 0) != 0 ? 0 : 1))
                        .times(2)));
    table.put(
        "Einsum",
        Operator.of(CONTRACTION, Einsum::infer)
            .flow(Einsum::flow)
            .flops("2 × all labels", Einsum::flops));
    table.put(
        "Det",
        Operator.of(CONTRACTION, MatrixOperators::det)
            .flops("inputs × n", node -> node.inputSize(0).times(node.input(0).dim(-1))));
  }

  /** How the type of a product's result follows. */
  interface ResultType {
    @Nullable DataType of(Site site);
  }

  static Operator product(int a, int b, ResultType type) {
    return Operator.of(
            CONTRACTION,
            site -> site.put(0, type.of(site), product(site, site.shape(a), site.shape(b))))
        .flow((node, flow) -> Flows.matrixProduct(node, flow, a, b))
        // Two per element of the result and of the axis that is summed away.
        .flops(
            "2 × outputs × inner length",
            node -> node.outputSize(0).times(node.input(a).dim(-1)).times(2));
  }

  /** The shape of a matrix product; vectors count as a row and as a column. */
  static @Nullable Shape product(Site site, @Nullable Shape a, @Nullable Shape b) {
    if (a == null || b == null || a.rank() == 0 || b.rank() == 0) {
      return null;
    }
    Dim left = a.dim(-1);
    Dim right = b.rank() == 1 ? b.dim(0) : b.dim(-2);
    if (Broadcasting.same(left, right) == null) {
      site.contradict("multiplies " + a + " by " + b + ": " + left + " against " + right);
      return null;
    }
    Shape batch = site.broadcast(outer(a), outer(b));
    if (batch == null) {
      return null;
    }
    List<Dim> dims = new ArrayList<>(batch.dims());
    if (a.rank() > 1) {
      dims.add(a.dim(-2));
    }
    if (b.rank() > 1) {
      dims.add(b.dim(-1));
    }
    return new Shape(dims);
  }

  private static Shape outer(Shape shape) {
    return new Shape(shape.dims().subList(0, Math.max(0, shape.rank() - 2)));
  }

  private static void gemm(Site site) {
    Shape a = site.shape(0);
    Shape b = site.shape(1);
    if (a == null || b == null || a.rank() != 2 || b.rank() != 2) {
      site.put(0, site.type(0), site.freshShape(0, 2));
      return;
    }
    boolean transA = site.integer("transA", 0) != 0;
    boolean transB = site.integer("transB", 0) != 0;
    if (Broadcasting.same(a.dim(transA ? 0 : 1), b.dim(transB ? 1 : 0)) == null) {
      site.contradict("multiplies " + a + " by " + b + ", whose inner lengths differ");
    }
    site.put(0, site.type(0), Shape.of(a.dim(transA ? 1 : 0), b.dim(transB ? 0 : 1)));
  }

  private static void det(Site site) {
    Shape input = site.shape(0);
    site.put(0, site.type(0), input == null ? null : outer(input));
  }
}
