package dev.hasten.graph.rewrite;

import dev.hasten.graph.Node;
import dev.hasten.graph.Shape;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.Arrays;

/**
 * {@code x + 0}, {@code x - 0}, {@code x · 1}, {@code x / 1}, {@code x^1}, {@code x ∧ true}, {@code
 * x ∨ false} become x, where the operand does not widen x's shape.
 *
 * <p>{@code −0 + 0} is {@code +0}: a sum stays where the sign of a zero could come to light.
 */
final class DropNeutralOperands implements Rule {
  /** Larger operands are weights; looking through them is not worth it. */
  private static final long MAX_OPERAND_SIZE = 1 << 16;

  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (!node.domain().isEmpty() || node.inputs().size() != 2) {
      return Outcome.none();
    }
    return switch (node.opType()) {
      case "Add", "Or" -> either(node, 0, rewrite);
      case "Mul", "And" -> either(node, 1, rewrite);
      case "Sub" -> drop(node, 1, 0, rewrite);
      case "Div", "Pow" -> drop(node, 1, 1, rewrite);
      default -> Outcome.none();
    };
  }

  private static Outcome either(Node node, double neutral, Rewrite rewrite) {
    Outcome outcome = drop(node, 1, neutral, rewrite);
    return outcome instanceof Outcome.None ? drop(node, 0, neutral, rewrite) : outcome;
  }

  private static Outcome drop(Node node, int operand, double neutral, Rewrite rewrite) {
    Value gone = node.inputOrNull(operand);
    Value kept = node.inputOrNull(1 - operand);
    Tensor constant = gone == null ? null : gone.constant();
    if (constant == null || kept == null || !consistsOf(constant, neutral)) {
      return Outcome.none();
    }
    Shape shape = rewrite.shape(kept);
    // A scalar widens nothing, whatever the other shape is.
    if (constant.rank() > 0) {
      if (shape == null) {
        return Outcome.none();
      }
      if (!shape.equals(rewrite.shape(node.output()))) {
        return Outcome.refused(
            "%s widens %s to %s".formatted(constant, shape, rewrite.shape(node.output())));
      }
    }
    if (losesSign(node, constant) && SignOfZero.matters(node.output())) {
      return Outcome.refused("a sum makes -0 to 0, and what it serves divides by it");
    }
    if (!node.graph().takesOver(node.output(), kept)) {
      return Outcome.none();
    }
    String opType = node.opType();
    rewrite.replaceAndSweep(node.output(), kept);
    return Outcome.changed(opType + " with the neutral operand " + constant + " goes");
  }

  /** {@code x + 0} and {@code x - (-0)}; adding -0 or subtracting 0 keeps the sign. */
  private static boolean losesSign(Node node, Tensor constant) {
    if (!constant.type().isFloating()) {
      return false;
    }
    double lost = node.is("Add") ? 0.0 : -0.0;
    return (node.is("Add") || node.is("Sub"))
        && Arrays.stream(constant.toDoubles()).anyMatch(zero -> Double.compare(zero, lost) == 0);
  }

  private static boolean consistsOf(Tensor constant, double number) {
    return constant.size() > 0
        && constant.size() <= MAX_OPERAND_SIZE
        && constant.type().bits() >= 8
        && Constants.isNumeric(constant)
        && Arrays.stream(constant.toDoubles()).allMatch(value -> value == number);
  }
}
