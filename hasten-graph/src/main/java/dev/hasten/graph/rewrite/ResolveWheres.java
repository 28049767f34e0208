package dev.hasten.graph.rewrite;

import dev.hasten.graph.Node;
import dev.hasten.graph.Shape;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * {@code Where(true, a, b)} and {@code Where(c, a, a)} become a, {@code Where(¬c, a, b)} becomes
 * {@code Where(c, b, a)}.
 */
final class ResolveWheres implements Rule {
  private static final long MAX_CONDITION_SIZE = 1 << 20;

  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (!node.is("", "Where")) {
      return Outcome.none();
    }
    Value condition = node.input(0);
    Tensor constant = condition.constant();
    if (node.input(1) == node.input(2)) {
      return choose(node, node.input(1), "both choices", rewrite);
    }
    if (constant != null && constant.size() > 0 && constant.size() <= MAX_CONDITION_SIZE) {
      long[] choices = constant.toLongs();
      long first = choices[0];
      if (Arrays.stream(choices).allMatch(choice -> choice == first)) {
        return choose(node, node.input(first != 0 ? 1 : 2), "the only choice", rewrite);
      }
    }
    Node producer = condition.producer();
    if (producer != null && producer.is("", "Not") && producer.graph() == node.graph()) {
      Value swapped =
          rewrite.add(
              node, "Where", List.of(producer.input(0), node.input(2), node.input(1)), Map.of());
      rewrite.replaceAndSweep(node.output(), swapped);
      return Outcome.changed("the choices change places instead of a Not");
    }
    return Outcome.none();
  }

  private static Outcome choose(Node node, Value chosen, String why, Rewrite rewrite) {
    Shape shape = rewrite.shape(chosen);
    if (shape == null || !shape.equals(rewrite.shape(node.output()))) {
      return Outcome.refused(
          "%s %s is widened from %s to %s"
              .formatted(why, chosen.name(), shape, rewrite.shape(node.output())));
    }
    if (!node.graph().takesOver(node.output(), chosen)) {
      return Outcome.none();
    }
    rewrite.replaceAndSweep(node.output(), chosen);
    return Outcome.changed("Where becomes " + why + " " + chosen.name());
  }
}
