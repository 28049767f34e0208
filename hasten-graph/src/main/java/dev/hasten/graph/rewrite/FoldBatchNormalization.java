package dev.hasten.graph.rewrite;

import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;

/**
 * A normalization with known statistics goes into the weights before it.
 *
 * <pre>
 * BatchNormalization(Conv(x[N,C,H,W], W[K,C,h,w], b[K]), γ, β, μ, σ²)
 * Conv(x, W · s, (b − μ) · s + β),   s[K] = γ / √(σ² + ε)
 * </pre>
 *
 * Also behind ConvTranspose, Gemm and, where no shift remains, MatMul. Jacob et al. 2018, 3.2.
 */
final class FoldBatchNormalization implements Rule {
  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (!node.is("", "BatchNormalization") || !Linear.isOne(node.input(0).producer())) {
      return Outcome.none();
    }
    Node before = node.input(0).producer();
    if (before == null) {
      return Outcome.none();
    }
    try {
      return fold(node, before, rewrite);
    } catch (Unfoldable e) {
      return Outcome.refused(before.opType() + " before it: " + e.reason());
    }
  }

  private static Outcome fold(Node node, Node before, Rewrite rewrite) {
    if (!Uses.only(node.input(0), node)) {
      throw new Unfoldable("its output is used elsewhere");
    }
    boolean training =
        node.intAttribute("training_mode", 0) != 0
            || node.outputs().stream().skip(1).anyMatch(Value::isUsed);
    if (training || node.intAttribute("spatial", 1) != 1) {
      throw new Unfoldable("the statistics are those of the batch, or of each position");
    }
    Linear linear = Linear.of(before);
    if (before.is("MatMul") && rewrite.rank(before.output()) != 2) {
      throw new Unfoldable("its channels are not the last axis");
    }
    double[] gamma = parameter(node, 1, linear.channels());
    double[] beta = parameter(node, 2, linear.channels());
    double[] mean = parameter(node, 3, linear.channels());
    double[] variance = parameter(node, 4, linear.channels());
    double epsilon = node.floatAttribute("epsilon", 1e-5f);
    double[] scale = new double[linear.channels()];
    double[] shift = new double[linear.channels()];
    for (int i = 0; i < scale.length; i++) {
      scale[i] = gamma[i] / Math.sqrt(variance[i] + epsilon);
      shift[i] = beta[i] - mean[i] * scale[i];
    }
    linear.rescale(scale, shift, rewrite);
    String into = before.opType();
    rewrite.replaceAndSweep(node.output(), before.output());
    return Outcome.changed("BatchNormalization goes into the weights of " + into);
  }

  private static double[] parameter(Node node, int input, int channels) {
    Tensor tensor = node.input(input).constant();
    if (tensor == null || tensor.size() != channels) {
      throw new Unfoldable(
          "parameter %d is %s (expected: %d constants)"
              .formatted(input, tensor == null ? "computed" : tensor, channels));
    }
    return tensor.toDoubles();
  }
}
