package dev.hasten.graph.rewrite;

import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A constant factor or summand per channel goes into the weights before it.
 *
 * <pre>
 * Conv(x, W, b) · s[K,1,1] + t[K,1,1]     also − and ÷
 * Conv(x, W · s, b · s + t)
 * </pre>
 *
 * Also behind ConvTranspose and Gemm; behind MatMul a factor per column only: a single number there
 * is attention's scale, which fusions look for.
 */
final class FoldAffine implements Rule {
  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (!node.domain().isEmpty() || node.inputs().size() != 2) {
      return Outcome.none();
    }
    return switch (node.opType()) {
      case "Add", "Mul" -> {
        Outcome outcome = fold(node, 0, rewrite);
        yield outcome instanceof Outcome.None ? fold(node, 1, rewrite) : outcome;
      }
      case "Sub", "Div" -> fold(node, 0, rewrite);
      default -> Outcome.none();
    };
  }

  private static Outcome fold(Node node, int data, Rewrite rewrite) {
    Value computed = node.inputOrNull(data);
    Value constant = node.inputOrNull(1 - data);
    Tensor operand = constant == null ? null : constant.constant();
    Node before = computed == null ? null : computed.producer();
    if (computed == null || operand == null || before == null || !Linear.isOne(before)) {
      return Outcome.none();
    }
    if (before.is("MatMul") && (operand.size() == 1 || isSum(node))) {
      return Outcome.none();
    }
    try {
      if (!Uses.only(computed, node)) {
        throw new Unfoldable("its output is used elsewhere");
      }
      Linear linear = Linear.of(before);
      int rank = linear.rank(rewrite.rank(computed));
      double[] values =
          Linear.perChannel(operand, linear.channels(), linear.channelAxisFromEnd(), rank);
      rescale(linear, node.opType(), requireValues(values, operand), rewrite);
    } catch (Unfoldable e) {
      return Outcome.refused(before.opType() + " before it: " + e.reason());
    }
    String what = node.opType() + " goes into the weights of " + before.opType();
    rewrite.replaceAndSweep(node.output(), before.output());
    return Outcome.changed(what);
  }

  private static boolean isSum(Node node) {
    return node.is("Add") || node.is("Sub");
  }

  private static double[] requireValues(double @Nullable [] values, Tensor operand) {
    if (values == null) {
      throw new Unfoldable(operand + " is not one number per channel");
    }
    return values;
  }

  private static void rescale(Linear linear, String opType, double[] values, Rewrite rewrite) {
    double[] scale = new double[values.length];
    double[] shift = new double[values.length];
    Arrays.fill(scale, 1);
    for (int i = 0; i < values.length; i++) {
      switch (opType) {
        case "Add" -> shift[i] = values[i];
        case "Sub" -> shift[i] = -values[i];
        case "Mul" -> scale[i] = values[i];
        default -> scale[i] = 1 / values[i];
      }
    }
    linear.rescale(scale, shift, rewrite);
  }
}
