package dev.hasten.graph.rewrite;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Node;
import dev.hasten.graph.Shape;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.Arrays;
import java.util.List;

/**
 * {@code f(x)} that is x goes: Identity, Dropout outside training, Cast to the same type, Transpose
 * to the same order, Reshape, Expand, Tile, Flatten, Squeeze and Slice to the same shape, Pad by
 * nothing, Concat and Split of one, Clip without bounds, pooling of single elements, reductions of
 * axes of length 1.
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
      case "Cast", "CastLike" -> sameType(output, input, rewrite);
      case "Transpose" -> keepsOrder(node);
      case "Reshape", "Expand", "Flatten", "Squeeze", "Tile" -> sameShape(input, output, rewrite);
      // A reflected or wrapped axis may grow by as much as it is cut: only zeros tell.
      case "Pad" -> padsNothing(node);
      case "Split" -> node.outputs().size() == 1 && sameShape(input, output, rewrite);
      case "Clip" -> node.inputs().size() == 1 && rewrite.opset() >= 11;
      case "MaxPool", "AveragePool" -> looksAtOneElement(node);
      case "ReduceSum", "ReduceMean", "ReduceProd", "ReduceMax", "ReduceMin" ->
          reducesNothing(node, input, output, rewrite);
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

  private static boolean sameType(Value output, Value input, Rewrite rewrite) {
    DataType type = rewrite.type(input);
    return type != null && type == rewrite.type(output);
  }

  private static boolean padsNothing(Node node) {
    List<Long> attribute = node.intsAttribute("pads");
    if (attribute != null) {
      return attribute.stream().allMatch(pad -> pad == 0);
    }
    Tensor pads = node.inputOrNull(1) == null ? null : node.input(1).constant();
    return pads != null && Arrays.stream(pads.toLongs()).allMatch(pad -> pad == 0);
  }

  private static boolean looksAtOneElement(Node node) {
    List<Long> none = List.of();
    return node.outputs().stream().skip(1).noneMatch(Value::isUsed)
        && node.intsAttribute("kernel_shape", none).stream().allMatch(n -> n == 1)
        && node.intsAttribute("strides", none).stream().allMatch(n -> n == 1)
        && node.intsAttribute("pads", none).stream().allMatch(n -> n == 0)
        && node.stringAttribute("auto_pad", "NOTSET").equals("NOTSET");
  }

  /** Reduced axes of length 1 keep what they hold; without axes all are meant. */
  private static boolean reducesNothing(Node node, Value input, Value output, Rewrite rewrite) {
    Shape shape = rewrite.shape(input);
    if (node.intAttribute("keepdims", 1) == 0 || shape == null) {
      return false;
    }
    long[] axes = Axes.of(node, 1);
    if (axes == null && (node.inputOrNull(1) != null || node.attribute("axes") != null)) {
      return false;
    }
    if (axes == null || axes.length == 0) {
      return node.intAttribute("noop_with_empty_axes", 0) != 0
          || shape.dims().stream().allMatch(dim -> dim.is(1));
    }
    int rank = shape.rank();
    return Arrays.stream(axes)
        .allMatch(axis -> axis >= -rank && axis < rank && shape.dim((int) axis).is(1));
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
