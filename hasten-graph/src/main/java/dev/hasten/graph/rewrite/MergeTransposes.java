package dev.hasten.graph.rewrite;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.Node;
import dev.hasten.graph.Value;
import java.util.List;
import java.util.Map;

/** {@code Transpose(Transpose(x, p), q)} becomes {@code Transpose(x, r)}, r[i] = p[q[i]]. */
final class MergeTransposes implements Rule {
  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (!node.is("", "Transpose")) {
      return Outcome.none();
    }
    Node inner = node.input(0).producer();
    if (inner == null || !inner.is("", "Transpose") || inner.graph() != node.graph()) {
      return Outcome.none();
    }
    List<Long> first = inner.intsAttribute("perm");
    List<Long> second = node.intsAttribute("perm");
    if (first == null
        || second == null
        || first.size() != second.size()
        || !second.stream().allMatch(axis -> axis >= 0 && axis < first.size())) {
      return Outcome.none();
    }
    List<Long> both = second.stream().map(axis -> first.get(axis.intValue())).toList();
    Value merged =
        rewrite.add(
            node, "Transpose", List.of(inner.input(0)), Map.of("perm", Attribute.ints(both)));
    rewrite.replaceAndSweep(node.output(), merged);
    return Outcome.changed("transposes " + first + " and " + second + " become " + both);
  }
}
