package dev.hasten.graph.rewrite;

import dev.hasten.graph.Dim;
import dev.hasten.graph.Node;
import dev.hasten.graph.Shape;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A sum of products over one index, of matrices, is their product.
 *
 * <pre>
 * Einsum("bhqd,bhkd->bhqk", x, y)        also "ij->ji", a Transpose
 * MatMul(x, Transpose(y, [0,1,3,2]))
 * </pre>
 *
 * Indices of both operands and the result are the batch; besides these each operand has one index
 * of its own and they share one that the result has not.
 */
final class EinsumToMatMul implements Rule {
  /** The indices of each operand and of the result: {@code "bij"}. */
  private record Equation(String left, String right, String result) {
    static @Nullable Equation of(String text) {
      String plain = text.replace(" ", "");
      int arrow = plain.indexOf("->");
      if (arrow < 0 || plain.contains(".")) {
        return null;
      }
      String[] operands = plain.substring(0, arrow).split(",", -1);
      String result = plain.substring(arrow + 2);
      Equation equation = new Equation(operands[0], operands.length > 1 ? operands[1] : "", result);
      return operands.length > 2
              || repeats(equation.left)
              || repeats(equation.right)
              || repeats(result)
          ? null
          : equation;
    }

    private static boolean repeats(String indices) {
      return indices.chars().distinct().count() != indices.length();
    }
  }

  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (!node.is("", "Einsum")) {
      return Outcome.none();
    }
    String text = node.stringAttribute("equation", "");
    Equation equation = Equation.of(text);
    if (equation == null) {
      return Outcome.refused(text + " (expected: two operands, '->', no '...', no index twice)");
    }
    if (node.inputs().size() == 1) {
      return transpose(node, equation, rewrite);
    }
    StringBuilder batch = new StringBuilder();
    StringBuilder rows = new StringBuilder();
    StringBuilder columns = new StringBuilder();
    StringBuilder summed = new StringBuilder();
    for (char c : (equation.left + equation.right).toCharArray()) {
      boolean left = equation.left.indexOf(c) >= 0;
      boolean right = equation.right.indexOf(c) >= 0;
      boolean kept = equation.result.indexOf(c) >= 0;
      StringBuilder list =
          left && right ? (kept ? batch : summed) : !kept ? null : left ? rows : columns;
      if (list == null) {
        return Outcome.refused(text + ": " + c + " is summed over one operand alone");
      }
      if (list.indexOf(String.valueOf(c)) < 0) {
        list.append(c);
      }
    }
    if (rows.length() != 1 || columns.length() != 1 || summed.length() != 1) {
      return Outcome.refused(text + " is not a product of matrices");
    }
    // An einsum lets an axis of length 1 stand for any; a product does so for the batch only.
    String shared = batch.toString() + summed;
    if (!sameLengths(node, equation, shared, rewrite)) {
      return Outcome.refused(text + ": the shared indices are not of equal known lengths");
    }
    Value a = inOrder(node, 0, equation.left, batch.toString() + rows + summed, rewrite);
    Value b = inOrder(node, 1, equation.right, batch.toString() + summed + columns, rewrite);
    Value product = rewrite.add(node, "MatMul", List.of(a, b), Map.of());
    Value result =
        inOrder(node, product, batch.toString() + rows + columns, equation.result, rewrite);
    rewrite.replaceAndSweep(node.output(), result);
    return Outcome.changed(text.toLowerCase(Locale.ROOT) + " becomes a MatMul");
  }

  private static Outcome transpose(Node node, Equation equation, Rewrite rewrite) {
    if (equation.left.length() != equation.result.length()) {
      return Outcome.refused("it sums over an axis");
    }
    Value result = inOrder(node, 0, equation.left, equation.result, rewrite);
    if (!node.graph().takesOver(node.output(), result)) {
      return Outcome.none();
    }
    rewrite.replaceAndSweep(node.output(), result);
    return Outcome.changed("Einsum becomes a Transpose");
  }

  private static boolean sameLengths(Node node, Equation equation, String shared, Rewrite rewrite) {
    Shape left = rewrite.shape(node.input(0));
    Shape right = rewrite.shape(node.input(1));
    if (left == null
        || right == null
        || left.rank() != equation.left.length()
        || right.rank() != equation.right.length()) {
      return false;
    }
    for (char c : shared.toCharArray()) {
      Dim a = left.dim(equation.left.indexOf(c));
      Dim b = right.dim(equation.right.indexOf(c));
      if (!a.equals(b)) {
        return false;
      }
    }
    return true;
  }

  private static Value inOrder(
      Node node, int input, String indices, String order, Rewrite rewrite) {
    return inOrder(node, node.input(input), indices, order, rewrite);
  }

  private static Value inOrder(
      Node node, Value value, String indices, String order, Rewrite rewrite) {
    List<Integer> axes = new ArrayList<>();
    for (char c : order.toCharArray()) {
      axes.add(indices.indexOf(c));
    }
    Permutation perm = new Permutation(axes);
    return perm.isIdentity()
        ? value
        : rewrite.add(node, "Transpose", List.of(value), perm.attributes());
  }
}
