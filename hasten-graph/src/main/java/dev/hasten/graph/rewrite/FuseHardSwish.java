package dev.hasten.graph.rewrite;

import static dev.hasten.graph.rewrite.Pattern.any;
import static dev.hasten.graph.rewrite.Pattern.number;
import static dev.hasten.graph.rewrite.Pattern.oneOf;
import static dev.hasten.graph.rewrite.Pattern.op;

import dev.hasten.graph.Node;
import java.util.Map;

/**
 * {@code x · Clip(x + 3, 0, 6) / 6}, also with HardSigmoid, becomes {@code HardSwish(x)}.
 *
 * <p>From opset 14. Howard et al. 2019.
 */
final class FuseHardSwish implements Rule {
  private static final long OPSET = 14;
  private static final Pattern X = any("x");
  private static final Pattern RAMP = op("Clip", op("Add", X, number(3)), number(0), number(6));
  private static final Pattern GATE =
      oneOf(
          op("Div", RAMP, number(6)),
          op("Mul", RAMP, number(1.0 / 6)),
          op("HardSigmoid", X)
              .where(node ->
                  Math.abs(node.floatAttribute("alpha", 0.2f) - 1.0 / 6) < 1e-6
                      && node.floatAttribute("beta", 0.5f) == 0.5f));
  private static final Pattern HARD_SWISH =
      oneOf(
          op("Mul", X, GATE),
          op("Div", op("Mul", X, RAMP), number(6)),
          op("Mul", op("Mul", X, RAMP), number(1.0 / 6)));

  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    boolean last = node.is("", "Mul") || node.is("", "Div");
    Match match = last ? HARD_SWISH.match(node.output()) : null;
    if (match == null) {
      return Outcome.none();
    }
    if (rewrite.opset() < OPSET) {
      return Outcome.refused("needs opset " + OPSET + ", the model has " + rewrite.opset());
    }
    return Activations.fuse(node, match, "", "HardSwish", Map.of(), rewrite);
  }
}
