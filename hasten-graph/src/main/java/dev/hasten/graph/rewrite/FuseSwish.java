package dev.hasten.graph.rewrite;

import static dev.hasten.graph.rewrite.Pattern.any;
import static dev.hasten.graph.rewrite.Pattern.op;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.Node;
import java.util.Map;

/**
 * {@code x · Sigmoid(x)} becomes {@code Swish(x)}, also known as SiLU.
 *
 * <p>From opset 24 that of ai.onnx, below {@code com.microsoft.QuickGelu} with alpha 1.
 * Ramachandran et al. 2017.
 */
final class FuseSwish implements Rule {
  private static final long OPSET = 24;
  private static final Pattern X = any("x");
  private static final Pattern SWISH = op("Mul", X, op("Sigmoid", X));

  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    Match match = node.is("", "Mul") ? SWISH.match(node.output()) : null;
    return match == null
        ? Outcome.none()
        : rewrite.opset() >= OPSET
            ? Activations.fuse(node, match, "", "Swish", Map.of(), rewrite)
            : Activations.fuse(
                node,
                match,
                Node.MICROSOFT,
                "QuickGelu",
                Map.of("alpha", Attribute.of(1f)),
                rewrite);
  }
}
