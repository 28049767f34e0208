package dev.hasten.graph.rewrite;

import dev.hasten.graph.Node;
import dev.hasten.graph.Shape;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Matrices are transposed where they lie, without making one long batch of them and back.
 *
 * <pre>
 * Reshape(Transpose(Reshape(x[B,H,S,D], [−1,S,D]), [0,2,1]), [B,H,D,S])
 * Transpose(x, [0,1,3,2])
 * </pre>
 */
final class UnwrapTransposes implements Rule {
  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (!node.is("", "Reshape")) {
      return Outcome.none();
    }
    Node transpose = node.input(0).producer();
    if (transpose == null
        || !transpose.is("", "Transpose")
        || !List.of(0L, 2L, 1L).equals(transpose.intsAttribute("perm"))) {
      return Outcome.none();
    }
    Node inner = transpose.input(0).producer();
    if (inner == null || !inner.is("", "Reshape") || inner.graph() != node.graph()) {
      return Outcome.none();
    }
    Value x = inner.input(0);
    Shape before = rewrite.shape(x);
    Shape batched = rewrite.shape(inner.output());
    Shape after = rewrite.shape(node.output());
    if (before == null || batched == null || after == null || before.rank() < 3) {
      return Outcome.none();
    }
    int rank = before.rank();
    List<Integer> axes = new ArrayList<>(IntStream.range(0, rank).boxed().toList());
    axes.set(rank - 2, rank - 1);
    axes.set(rank - 1, rank - 2);
    Shape swapped = new Shape(axes.stream().map(before::dim).toList());
    if (batched.rank() != 3
        || !batched.dim(-1).equals(before.dim(-1))
        || !batched.dim(-2).equals(before.dim(-2))
        || !swapped.equals(after)) {
      return Outcome.refused(
          "%s is cut as %s and becomes %s (expected: %s)"
              .formatted(before, batched, after, swapped));
    }
    Value result = rewrite.add(node, "Transpose", List.of(x), new Permutation(axes).attributes());
    rewrite.replaceAndSweep(node.output(), result);
    return Outcome.changed("two Reshapes around a Transpose go");
  }
}
