package dev.hasten.graph.rewrite;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Node;
import dev.hasten.graph.Value;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The activation by its cheaper form; off by up to 5·10⁻⁴.
 *
 * <pre>
 * Gelu(x) = x · Φ(x)                  or com.microsoft.BiasGelu(x, bias), with x + bias for x
 * com.microsoft.FastGelu(x, bias) = x · ½ · (1 + tanh(√(2/π) · (x + 0.044715 · x³)))
 * </pre>
 *
 * Hendrycks and Gimpel 2016, section 2. What was of this form already keeps its function.
 */
final class ApproximateGelu implements Rule {
  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    boolean biased = node.is(Node.MICROSOFT, "BiasGelu");
    if (!biased && !node.is("", "Gelu") && !node.is(Node.MICROSOFT, "Gelu")) {
      return Outcome.none();
    }
    DataType type = rewrite.type(node.input(0));
    if (type != DataType.FLOAT) {
      return Outcome.refused("type " + type + " (expected: float)");
    }
    @Nullable Value bias = biased ? node.input(1) : null;
    Value fused =
        rewrite.add(
            node,
            Node.MICROSOFT,
            "FastGelu",
            bias == null ? List.of(node.input(0)) : List.of(node.input(0), bias),
            Map.of());
    String before = node.opType();
    rewrite.replaceAndSweep(node.output(), fused);
    return Outcome.changed(before + " becomes com.microsoft.FastGelu");
  }
}
