package dev.hasten.graph.rewrite;

import static dev.hasten.graph.rewrite.Pattern.any;
import static dev.hasten.graph.rewrite.Pattern.number;
import static dev.hasten.graph.rewrite.Pattern.oneOf;
import static dev.hasten.graph.rewrite.Pattern.op;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.Node;
import java.util.Map;

/**
 * The approximated activation that exporters write out becomes one operator.
 *
 * <pre>
 * x · (1 + Tanh(√(2/π) · (x + 0.044715 · x³))) · 0.5     in any order of the factors
 * Gelu(x, approximate = "tanh")
 * </pre>
 *
 * From opset 20 that of ai.onnx, below {@code com.microsoft.FastGelu}. Hendrycks and Gimpel 2016.
 */
final class FuseTanhGelu implements Rule {
  private static final long OPSET = 20;

  private static final Pattern X = any("x");
  private static final Pattern CUBE =
      oneOf(
          op("Pow", X, number(3)),
          op("Mul", op("Mul", X, X), X),
          op("Mul", op("Pow", X, number(2)), X));
  private static final Pattern SUM = op("Add", X, op("Mul", CUBE, number(0.044715)));
  private static final Pattern GATE =
      op("Add", op("Tanh", op("Mul", SUM, number(Math.sqrt(2 / Math.PI)))), number(1));
  private static final Pattern GELU =
      oneOf(
          op("Mul", op("Mul", X, GATE), number(0.5)),
          op("Mul", op("Mul", X, number(0.5)), GATE),
          op("Mul", X, op("Mul", GATE, number(0.5))));

  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    Match match = node.is("", "Mul") ? GELU.match(node.output()) : null;
    return match == null
        ? Outcome.none()
        : rewrite.opset() >= OPSET
            ? Activations.fuse(
                node, match, "", "Gelu", Map.of("approximate", Attribute.of("tanh")), rewrite)
            : Activations.fuse(node, match, Node.MICROSOFT, "FastGelu", Map.of(), rewrite);
  }
}
