package dev.hasten.graph.rewrite;

import static dev.hasten.graph.rewrite.Pattern.any;
import static dev.hasten.graph.rewrite.Pattern.constant;
import static dev.hasten.graph.rewrite.Pattern.number;
import static dev.hasten.graph.rewrite.Pattern.oneOf;
import static dev.hasten.graph.rewrite.Pattern.op;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The normalization of large language models becomes one operator.
 *
 * <pre>
 * x[…,n] / √(ReduceMean(x²) + ε) · γ[n]
 * RMSNormalization(x, γ, ε)
 * </pre>
 *
 * Also with x·x for x², and with · Reciprocal(√…) or · (1 / √…). From opset 23 that of ai.onnx,
 * below ONNX Runtime's own SimplifiedLayerNormalization. Zhang and Sennrich 2019.
 */
final class FuseRmsNormalization implements Rule {
  private static final long OPSET = 23;

  private static final Pattern X = any("x");
  private static final Pattern CENTRED = op("Sub", any("v"), op("ReduceMean", any("v")));
  private static final Pattern SQUARE = oneOf(op("Pow", X, number(2)), op("Mul", X, X));
  private static final Pattern MEAN = op("ReduceMean", SQUARE).as("mean");
  private static final Pattern ROOT = op("Sqrt", op("Add", MEAN, constant("epsilon")));
  private static final Pattern NORMAL =
      oneOf(
          op("Div", X, ROOT),
          op("Mul", X, op("Reciprocal", ROOT)),
          op("Mul", X, op("Div", number(1), ROOT)));
  private static final Pattern SCALED = op("Mul", NORMAL, constant("gamma"));

  /** What a LayerNormalization normalizes; it is more than this, where the opset has it. */
  private static final Pattern DEVIATION = op("Sub", X, op("ReduceMean", X));

  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    Match match = node.is("", "Mul") ? SCALED.match(node.output()) : null;
    // What is centred first is a layer normalization, which that rule or the runtime takes whole.
    if (match == null || CENTRED.match(match.get("x")) != null) {
      return Outcome.none();
    }
    Double epsilon = Pattern.single(match.get("epsilon"));
    String reason = reason(match, node.output(), rewrite);
    if (reason != null || epsilon == null) {
      return Outcome.refused(reason == null ? "epsilon has more than one element" : reason);
    }
    String opType = rewrite.opset() >= OPSET ? "RMSNormalization" : "SimplifiedLayerNormalization";
    Value fused =
        rewrite.add(
            node,
            opType,
            List.of(match.get("x"), match.get("gamma")),
            Map.of("axis", Attribute.of(-1L), "epsilon", Attribute.of(epsilon.floatValue())));
    int nodes = match.nodes().size();
    rewrite.replaceAndSweep(node.output(), fused);
    return Outcome.changed(nodes + " nodes become " + opType);
  }

  private static @Nullable String reason(Match match, Value result, Rewrite rewrite) {
    Value x = match.get("x");
    if (DEVIATION.match(x) != null) {
      return "part of a LayerNormalization";
    }
    if (rewrite.type(x) != DataType.FLOAT) {
      return "type " + rewrite.type(x) + " (expected: float)";
    }
    Node mean = match.get("mean").producer();
    long[] axes = mean == null ? null : Axes.of(mean, 1);
    int rank = rewrite.rank(x);
    if (mean == null
        || axes == null
        || axes.length != 1
        || axes[0] != -1 && axes[0] != rank - 1
        || mean.intAttribute("keepdims", 1) != 1) {
      return "the mean is not over the last axis alone";
    }
    Tensor gamma = match.get("gamma").constant();
    if (gamma == null || gamma.rank() != 1 || gamma.dim(0) != rewrite.fixedDim(x, -1)) {
      return "gamma is %s (expected: one number per element of the last axis)".formatted(gamma);
    }
    Value leak = match.leak(result);
    return leak == null ? null : "its part " + leak.name() + " is used elsewhere";
  }
}
