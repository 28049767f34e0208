package dev.hasten.graph.rewrite;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Node;
import dev.hasten.graph.Shape;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code f(x)} that is x goes: Identity, Dropout outside training, Cast to the same type, Transpose
 * to the same order, Reshape, Expand, Flatten, Squeeze and Slice to the same shape, Concat of one.
 */
final class DropIdentities implements Rule {
  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (!node.domain().isEmpty() || node.inputOrNull(0) == null || node.outputs().isEmpty()) {
      return Outcome.none();
    }
    Value input = node.input(0);
    Value output = node.output();
    if (!doesNothing(node, input, output, rewrite) || !node.graph().takesOver(output, input)) {
      return Outcome.none();
    }
    String opType = node.opType();
    rewrite.replaceAndSweep(output, input);
    return Outcome.changed(opType + " does nothing and goes");
  }

  private static boolean doesNothing(Node node, Value input, Value output, Rewrite rewrite) {
    return switch (node.opType()) {
      case "Identity" -> true;
      case "Concat", "Sum", "Max", "Min", "Mean" -> node.inputs().size() == 1;
      case "Dropout" ->
          !isTraining(node) && !node.outputs().stream().skip(1).anyMatch(Value::isUsed);
      case "Cast" -> sameType(node, rewrite.type(input));
      case "Transpose" -> keepsOrder(node);
      case "Reshape", "Expand", "Flatten", "Squeeze" -> sameShape(input, output, rewrite);
      case "Slice" -> stepsForward(node) && sameShape(input, output, rewrite);
      default -> false;
    };
  }

  private static boolean isTraining(Node node) {
    Value training = node.inputOrNull(2);
    if (training == null) {
      return false;
    }
    Tensor constant = training.constant();
    return constant == null || constant.toLongs()[0] != 0;
  }

  private static boolean sameType(Node node, @Nullable DataType type) {
    return type != null && type.onnx() == node.intAttribute("to", 0);
  }

  private static boolean keepsOrder(Node node) {
    List<Long> perm = node.intsAttribute("perm");
    if (perm == null) {
      return false;
    }
    for (int i = 0; i < perm.size(); i++) {
      if (perm.get(i) != i) {
        return false;
      }
    }
    return true;
  }

  private static boolean sameShape(Value input, Value output, Rewrite rewrite) {
    Shape shape = rewrite.shape(input);
    return shape != null && shape.equals(rewrite.shape(output));
  }

  private static boolean stepsForward(Node node) {
    Value steps = node.inputOrNull(4);
    if (steps == null) {
      return true;
    }
    Tensor constant = steps.constant();
    return constant != null && Arrays.stream(constant.toLongs()).allMatch(step -> step == 1);
  }
}
