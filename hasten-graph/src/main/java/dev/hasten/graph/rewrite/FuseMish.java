package dev.hasten.graph.rewrite;

import static dev.hasten.graph.rewrite.Pattern.any;
import static dev.hasten.graph.rewrite.Pattern.op;

import dev.hasten.graph.Node;
import java.util.Map;

/** {@code x · Tanh(Softplus(x))} becomes {@code Mish(x)}. From opset 18. Misra 2019. */
final class FuseMish implements Rule {
  private static final long OPSET = 18;
  private static final Pattern X = any("x");
  private static final Pattern MISH = op("Mul", X, op("Tanh", op("Softplus", X)));

  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    Match match = node.is("", "Mul") ? MISH.match(node.output()) : null;
    if (match == null) {
      return Outcome.none();
    }
    if (rewrite.opset() < OPSET) {
      return Outcome.refused("needs opset " + OPSET + ", the model has " + rewrite.opset());
    }
    return Activations.fuse(node, match, "", "Mish", Map.of(), rewrite);
  }
}
