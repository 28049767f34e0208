package dev.hasten.graph.rewrite;

import static dev.hasten.graph.rewrite.Pattern.any;
import static dev.hasten.graph.rewrite.Pattern.number;
import static dev.hasten.graph.rewrite.Pattern.oneOf;
import static dev.hasten.graph.rewrite.Pattern.op;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Node;
import dev.hasten.graph.Value;
import java.util.List;
import java.util.Map;

/**
 * The activation that exporters write out becomes one operator.
 *
 * <pre>
 * x · (1 + Erf(x / √2)) · 0.5     in any order of the factors
 * Gelu(x)
 * </pre>
 *
 * From opset 20 that of ai.onnx, below that of com.microsoft. Hendrycks and Gimpel 2016.
 */
final class FuseGelu implements Rule {
  private static final long OPSET = 20;

  private static final Pattern X = any("x");
  private static final Pattern SCALED =
      oneOf(op("Div", X, number(Math.sqrt(2))), op("Mul", X, number(Math.sqrt(0.5))));
  private static final Pattern GATE = op("Add", op("Erf", SCALED), number(1));
  private static final Pattern GELU =
      oneOf(
          op("Mul", op("Mul", X, GATE), number(0.5)),
          op("Mul", op("Mul", X, number(0.5)), GATE),
          op("Mul", X, op("Mul", GATE, number(0.5))));

  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    Match match = node.is("", "Mul") ? GELU.match(node.output()) : null;
    if (match == null) {
      return Outcome.none();
    }
    Value result = node.output();
    Value x = match.get("x");
    if (rewrite.type(x) != DataType.FLOAT) {
      return Outcome.refused("type " + rewrite.type(x) + " (expected: float)");
    }
    Value leak = match.leak(result);
    if (leak != null) {
      return Outcome.refused("its part " + leak.name() + " is used elsewhere");
    }
    String domain = rewrite.opset() >= OPSET ? "" : Node.MICROSOFT;
    Value fused = rewrite.add(node, domain, "Gelu", List.of(x), Map.of());
    int nodes = match.nodes().size();
    rewrite.replaceAndSweep(result, fused);
    return Outcome.changed(
        nodes + " nodes become " + (domain.isEmpty() ? "" : domain + ".") + "Gelu");
  }
}
