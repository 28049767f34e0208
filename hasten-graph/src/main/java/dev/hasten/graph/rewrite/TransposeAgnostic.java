package dev.hasten.graph.rewrite;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Operators that do the same to each element, or along one axis that they name: {@code
 * f(Transpose(x)) = Transpose(f′(x))}.
 */
final class TransposeAgnostic {
  private static final Set<String> UNARY =
      Set.of(
          "Abs",
          "Cast",
          "Ceil",
          "Celu",
          "Cos",
          "Elu",
          "Erf",
          "Exp",
          "Floor",
          "Gelu",
          "HardSigmoid",
          "HardSwish",
          "Identity",
          "IsInf",
          "IsNaN",
          "LeakyRelu",
          "Log",
          "Mish",
          "Neg",
          "Not",
          "Reciprocal",
          "Relu",
          "Round",
          "Selu",
          "Sigmoid",
          "Sign",
          "Sin",
          "Softplus",
          "Softsign",
          "Sqrt",
          "Swish",
          "Tan",
          "Tanh",
          "ThresholdedRelu");
  private static final Set<String> NARY =
      Set.of(
          "Add",
          "And",
          "Div",
          "Equal",
          "Greater",
          "GreaterOrEqual",
          "Less",
          "LessOrEqual",
          "Max",
          "Mean",
          "Min",
          "Mod",
          "Mul",
          "Or",
          "Pow",
          "Sub",
          "Sum",
          "Where",
          "Xor");
  private static final Set<String> ALONG_AXIS = Set.of("Softmax", "LogSoftmax", "Hardmax");

  /** From here on they normalize one axis; before, all axes from that one on, as a matrix. */
  private static final long SOFTMAX_OPSET = 13;

  private TransposeAgnostic() {}

  /**
   * Whether all inputs but constants are treated alike, so that they can be transposed together.
   */
  static boolean isElementwise(Node node) {
    return node.domain().isEmpty()
        && (UNARY.contains(node.opType())
            || NARY.contains(node.opType())
            || node.is("Clip") && boundsAreInputs(node));
  }

  private static boolean boundsAreInputs(Node node) {
    return node.inputs().stream().skip(1).allMatch(v -> v == null || v.constant() != null);
  }

  static boolean isAlongAxis(Node node, Rewrite rewrite) {
    return node.domain().isEmpty()
        && ALONG_AXIS.contains(node.opType())
        && rewrite.opset() >= SOFTMAX_OPSET
        && axisIsThere(node, rewrite.rank(node.input(0)));
  }

  /** Whether the axis that a node names is one of its input's. */
  private static boolean axisIsThere(Node node, int rank) {
    long axis = node.intAttribute("axis", -1);
    return -rank <= axis && axis < rank;
  }

  /** The attributes of a node that reads x instead of {@code Transpose(x)}. */
  static Map<String, Attribute> attributes(Node node, Permutation perm, Rewrite rewrite) {
    if (!isAlongAxis(node, rewrite)) {
      return node.attributes();
    }
    Map<String, Attribute> out = new LinkedHashMap<>(node.attributes());
    long axis = node.intAttribute("axis", -1);
    out.put("axis", Attribute.of(perm.axis((int) (axis < 0 ? axis + perm.rank() : axis))));
    return out;
  }

  /**
   * A constant operand as it must be before the Transpose, or null if that cannot be said: one
   * element stays, more axes than one are put in the order of before.
   */
  static @Nullable Tensor before(Tensor operand, Permutation perm) {
    if (operand.size() == 1 && operand.rank() <= perm.rank()) {
      return operand;
    }
    if (operand.rank() > perm.rank()
        || operand.type().bits() % 8 != 0
        || operand.type().bits() == 0) {
      return null;
    }
    // Broadcasting puts axes of length 1 in front; the Transpose moves those as well.
    long[] dims = new long[perm.rank()];
    Arrays.fill(dims, 1);
    System.arraycopy(Call.dims(operand), 0, dims, perm.rank() - operand.rank(), operand.rank());
    long[] strides = Call.strides(dims);
    Permutation back = perm.inverse();
    long[] out = new long[dims.length];
    long[] from = new long[dims.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = dims[back.axis(i)];
      from[i] = strides[back.axis(i)];
    }
    Tensor full = operand.reshape(dims);
    return HostMovement.strided(full, out, from, 0);
  }

  /** The inputs of a node before a Transpose: what was behind it, and constants put in order. */
  static @Nullable List<@Nullable Value> inputs(Node node, Permutation perm, Rewrite rewrite) {
    List<@Nullable Value> out = new ArrayList<>();
    boolean clip = node.is("Clip");
    for (int i = 0; i < node.inputs().size(); i++) {
      Value input = node.inputOrNull(i);
      Tensor constant = input == null ? null : input.constant();
      if (input == null || clip && i > 0) {
        out.add(input);
      } else if (constant != null) {
        Tensor moved = before(constant, perm);
        if (moved == null) {
          return null;
        }
        out.add(moved == constant ? input : rewrite.constant(node, input.name() + "/moved", moved));
      } else {
        Node transpose = input.producer();
        if (transpose == null || !perm.equals(Permutation.behind(input, rewrite))) {
          return null;
        }
        out.add(transpose.input(0));
      }
    }
    return out;
  }
}
