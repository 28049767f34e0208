package dev.hasten.graph.rewrite;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.List;
import java.util.Map;

/**
 * {@code Add(MatMul(x[m,k], W[k,n]), b[n])} becomes {@code Gemm(x, W, b)}.
 *
 * <p>Matrices only: Gemm knows no batch. The integer kernels and the fusions look for the two
 * operators, which is why this is not part of {@link Rules#simplify()}.
 */
final class FuseGemm implements Rule {
  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (!node.is("", "Add") || node.inputs().size() != 2) {
      return Outcome.none();
    }
    Outcome outcome = fuse(node, 0, rewrite);
    return outcome instanceof Outcome.None ? fuse(node, 1, rewrite) : outcome;
  }

  private static Outcome fuse(Node node, int side, Rewrite rewrite) {
    Node product = node.input(side).producer();
    Value bias = node.input(1 - side);
    Tensor constant = bias.constant();
    if (product == null || !product.is("", "MatMul") || constant == null) {
      return Outcome.none();
    }
    if (rewrite.rank(product.input(0)) != 2 || rewrite.rank(product.input(1)) != 2) {
      return Outcome.refused("operands are not both matrices");
    }
    if (rewrite.type(product.output()) != DataType.FLOAT) {
      return Outcome.refused("type " + rewrite.type(product.output()) + " (expected: float)");
    }
    if (constant.rank() != 1 || constant.dim(0) != rewrite.fixedDim(product.output(), 1)) {
      return Outcome.refused(
          "the bias is %s (expected: one number per column)".formatted(constant));
    }
    if (!Uses.only(product.output(), node)) {
      return Outcome.refused("the product " + product.output().name() + " is used elsewhere");
    }
    Value fused =
        rewrite.add(node, "Gemm", List.of(product.input(0), product.input(1), bias), Map.of());
    rewrite.replaceAndSweep(node.output(), fused);
    return Outcome.changed("MatMul and Add become Gemm");
  }
}
