package dev.hasten.graph.rewrite;

import dev.hasten.graph.Node;
import dev.hasten.graph.Shape;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Of two changes of shape that follow on each other one remains, or none. Both are among Reshape,
 * Flatten, Squeeze and Unsqueeze.
 *
 * <pre>
 * Squeeze(Unsqueeze(x[n,8], 1), 1)                  x
 * Reshape(Flatten(x[n,3,4]), [0, 4, 3])             Reshape(x, [0, 4, 3])
 * Unsqueeze(Reshape(x[n,12], [0, 3, 4]), 1)         Reshape(x, [0, 1, 3, 4])
 * </pre>
 */
final class MergeReshapes implements Rule {
  private static final Set<String> RESHAPING = Set.of("Reshape", "Flatten", "Squeeze", "Unsqueeze");

  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (!isReshaping(node)) {
      return Outcome.none();
    }
    Node inner = node.input(0).producer();
    if (inner == null || inner.graph() != node.graph() || !isReshaping(inner)) {
      return Outcome.none();
    }
    Value x = inner.input(0);
    Shape before = rewrite.shape(x);
    Shape after = rewrite.shape(node.output());
    if (before != null && before.equals(after)) {
      return drop(node, x, rewrite);
    }
    if (node.is("Reshape")) {
      return skip(node, inner, x, before, rewrite);
    }
    long[] target = before == null || after == null ? null : target(before, after);
    if (target == null) {
      return Outcome.refused(
          "more than one length of %s is open and not that of %s".formatted(after, before));
    }
    String what = inner.opType() + " and " + node.opType() + " become a Reshape";
    Value shape =
        rewrite.constant(
            node, node.output().name() + "/shape", Tensor.longs(target, target.length));
    rewrite.replaceAndSweep(
        node.output(), rewrite.add(node, "Reshape", List.of(x, shape), Map.of()));
    return Outcome.changed(what);
  }

  private static boolean isReshaping(Node node) {
    return node.domain().isEmpty() && RESHAPING.contains(node.opType());
  }

  private static Outcome drop(Node node, Value x, Rewrite rewrite) {
    if (!node.graph().takesOver(node.output(), x)) {
      return Outcome.none();
    }
    String opType = node.opType();
    rewrite.replaceAndSweep(node.output(), x);
    return Outcome.changed(opType + " undoes what was done before");
  }

  /** A Reshape does not care about the shape before it, but where it keeps a length of that. */
  private static Outcome skip(
      Node node, Node inner, Value x, @Nullable Shape before, Rewrite rewrite) {
    Tensor target = node.inputOrNull(1) == null ? null : node.input(1).constant();
    if (target == null) {
      return Outcome.none();
    }
    if (node.intAttribute("allowzero", 0) == 0) {
      Shape between = rewrite.shape(node.input(0));
      long[] lengths = target.toLongs();
      for (int i = 0; i < lengths.length; i++) {
        if (lengths[i] == 0
            && (before == null
                || between == null
                || i >= before.rank()
                || i >= between.rank()
                || !before.dim(i).equals(between.dim(i)))) {
          return Outcome.refused(
              "axis %d keeps a length that %s has and %s has not".formatted(i, between, before));
        }
      }
    }
    node.graph().setInput(node, 0, x);
    String opType = inner.opType();
    rewrite.sweep(inner);
    return Outcome.changed(opType + " before a Reshape goes");
  }

  /**
   * A constant target, or null if there is none: 0 keeps an open length, -1 stands for one that the
   * others leave. Not both, since then an empty tensor could not be reshaped.
   */
  private static long @Nullable [] target(Shape before, Shape after) {
    long[] target = new long[after.rank()];
    for (int i = 0; i < target.length; i++) {
      boolean same = i < before.rank() && before.dim(i).equals(after.dim(i));
      target[i] = after.dim(i).value().orElse(same ? 0 : -1);
      if (target[i] == 0 && after.dim(i).isFixed() && !same) {
        return null;
      }
    }
    long rest = Arrays.stream(target).filter(n -> n == -1).count();
    boolean keeps = Arrays.stream(target).anyMatch(n -> n == 0);
    return rest == 0 || rest == 1 && !keeps ? target : null;
  }
}
