package dev.hasten.graph.rewrite;

import static dev.hasten.graph.rewrite.Pattern.any;
import static dev.hasten.graph.rewrite.Pattern.number;
import static dev.hasten.graph.rewrite.Pattern.oneOf;
import static dev.hasten.graph.rewrite.Pattern.op;

import dev.hasten.graph.Node;
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
    String domain = rewrite.opset() >= OPSET ? "" : Node.MICROSOFT;
    return Activations.fuse(node, match, domain, "Gelu", Map.of(), rewrite);
  }
}
