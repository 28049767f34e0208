package dev.hasten.graph.rewrite;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.Node;
import dev.hasten.graph.Value;
import java.util.List;
import java.util.Map;

/** Replacing a written-out activation by its operator. */
final class Activations {
  private Activations() {}

  /** {@code match} names the input x; its other parts must serve nothing else. */
  static Outcome fuse(
      Node node,
      Match match,
      String domain,
      String opType,
      Map<String, Attribute> attributes,
      Rewrite rewrite) {
    Value result = node.output();
    Value x = match.get("x");
    if (rewrite.type(x) != DataType.FLOAT) {
      return Outcome.refused("type " + rewrite.type(x) + " (expected: float)");
    }
    Value leak = match.leak(result);
    if (leak != null) {
      return Outcome.refused("its part " + leak.name() + " is used elsewhere");
    }
    // A factor of one element but several axes would widen the result.
    if (rewrite.rank(x) < 0 || rewrite.rank(x) != rewrite.rank(result)) {
      return Outcome.refused("its numbers may widen " + x.name());
    }
    Value fused = rewrite.add(node, domain, opType, List.of(x), attributes);
    int nodes = match.nodes().size();
    rewrite.replaceAndSweep(result, fused);
    return Outcome.changed(
        nodes + " nodes become " + (domain.isEmpty() ? "" : domain + ".") + opType);
  }
}
