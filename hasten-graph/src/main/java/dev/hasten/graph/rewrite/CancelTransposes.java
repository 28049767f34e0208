package dev.hasten.graph.rewrite;

import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A Transpose moves past what treats all elements, or one named axis, alike, to meet another one.
 *
 * <pre>
 * Transpose(Softmax(Transpose(x, p) · 0.5, axis = a), q)
 * Transpose(Softmax(x · 0.5, axis = p[a]), r)      r[i] = p[q[i]], or nothing where that is the order
 * </pre>
 */
final class CancelTransposes implements Rule {
  private static final int FAR = 16;

  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (!node.is("", "Transpose")) {
      return Outcome.none();
    }
    List<Node> path = path(node, rewrite);
    if (path.isEmpty()) {
      return Outcome.none();
    }
    Value start = path.getLast().input(data(path.getLast(), rewrite));
    Permutation first = Permutation.behind(start, rewrite);
    Permutation second = Permutation.of(node, rewrite.rank(node.input(0)));
    if (first == null || second == null || first.rank() != second.rank()) {
      return Outcome.none();
    }
    return move(node, path, first, second, rewrite);
  }

  private static Outcome move(
      Node node, List<Node> path, Permutation first, Permutation second, Rewrite rewrite) {
    Node last = path.getLast();
    Value start = last.input(data(last, rewrite));
    Node transpose = start.producer();
    if (transpose == null) {
      return Outcome.none();
    }
    Value at = transpose.input(0);
    List<List<@Nullable Value>> operands = new ArrayList<>();
    for (Node step : path) {
      List<@Nullable Value> inputs = operands(step, data(step, rewrite), first, rewrite);
      if (inputs == null) {
        return Outcome.refused("the other operand of " + step + " is not constant");
      }
      operands.add(inputs);
    }
    for (int i = path.size() - 1; i >= 0; i--) {
      Node step = path.get(i);
      List<@Nullable Value> inputs = operands.get(i);
      inputs.set(data(step, rewrite), at);
      at =
          rewrite.add(
              step, step.opType(), inputs, TransposeAgnostic.attributes(step, first, rewrite));
    }
    Permutation both = first.then(second);
    Value result =
        both.isIdentity() ? at : rewrite.add(node, "Transpose", List.of(at), both.attributes());
    rewrite.replaceAndSweep(node.output(), result);
    return Outcome.changed(
        "the order %s is %s across %d nodes"
            .formatted(first, both.isIdentity() ? "undone" : "merged with " + second, path.size()));
  }

  /** What lies between two Transposes, from the second to the first; empty if nothing does. */
  private static List<Node> path(Node node, Rewrite rewrite) {
    List<Node> path = new ArrayList<>();
    Node reader = node;
    Value at = node.input(0);
    while (path.size() < FAR) {
      Node step = at.producer();
      if (step == null || step.graph() != node.graph() || !Uses.only(at, reader)) {
        return List.of();
      }
      if (step.is("", "Transpose")) {
        return path;
      }
      int data = data(step, rewrite);
      if (data < 0) {
        return List.of();
      }
      path.add(step);
      reader = step;
      at = step.input(data);
    }
    return List.of();
  }

  /** The only input that is not constant; -1 if the node has none such or is of another kind. */
  private static int data(Node node, Rewrite rewrite) {
    if (!TransposeAgnostic.isElementwise(node) && !TransposeAgnostic.isAlongAxis(node, rewrite)) {
      return -1;
    }
    int data = -1;
    for (int i = 0; i < node.inputs().size(); i++) {
      Value input = node.inputOrNull(i);
      if (input != null && input.constant() == null) {
        if (data >= 0) {
          return -1;
        }
        data = i;
      }
    }
    // A constant must not have more axes than the data, or those would not be the Transpose's.
    return data >= 0 && rewrite.rank(node.input(data)) == rewrite.rank(node.output()) ? data : -1;
  }

  private static @Nullable List<@Nullable Value> operands(
      Node step, int data, Permutation perm, Rewrite rewrite) {
    List<@Nullable Value> out = new ArrayList<>();
    for (int i = 0; i < step.inputs().size(); i++) {
      Value input = step.inputOrNull(i);
      Tensor constant = input == null ? null : input.constant();
      if (i == data || input == null || step.is("Clip") || constant == null) {
        out.add(input);
        continue;
      }
      Tensor moved = TransposeAgnostic.before(constant, perm);
      if (moved == null) {
        return null;
      }
      out.add(moved == constant ? input : rewrite.constant(step, input.name() + "/moved", moved));
    }
    return out;
  }
}
