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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * The normalization that exporters write out becomes one operator.
 *
 * <pre>
 * d = x[…,n] − ReduceMean(x);  d / √(ReduceMean(d²) + ε) · γ[n] + β[n]
 * LayerNormalization(x, γ, β, ε)
 * </pre>
 *
 * Also without β, with d·d for d², and with · Reciprocal(√…) for / √…. Ba, Kiros and Hinton 2016.
 */
final class FuseLayerNormalization implements Rule {
  private static final long OPSET = 17;

  private static final Pattern X = any("x");
  private static final Pattern MEAN = op("ReduceMean", X).as("mean");
  private static final Pattern DEVIATION = op("Sub", X, MEAN).as("deviation");
  private static final Pattern SQUARE =
      oneOf(op("Pow", DEVIATION, number(2)), op("Mul", DEVIATION, DEVIATION));
  private static final Pattern VARIANCE = op("ReduceMean", SQUARE).as("variance");
  private static final Pattern ROOT = op("Sqrt", op("Add", VARIANCE, constant("epsilon")));
  private static final Pattern NORMAL =
      oneOf(op("Div", DEVIATION, ROOT), op("Mul", DEVIATION, op("Reciprocal", ROOT)));
  private static final Pattern SCALED = op("Mul", NORMAL, constant("gamma"));
  private static final Pattern SHIFTED = op("Add", SCALED, constant("beta"));

  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    Match match = null;
    if (node.is("", "Add")) {
      match = SHIFTED.match(node.output());
    } else if (node.is("", "Mul") && !isShifted(node)) {
      match = SCALED.match(node.output());
    }
    if (match == null) {
      return Outcome.none();
    }
    Value result = node.output();
    Value x = match.get("x");
    Value gamma = match.get("gamma");
    Value beta = match.find("beta");
    List<Long> axes = axes(match.get("mean"), rewrite);
    Double epsilon = Pattern.single(match.get("epsilon"));
    String reason = reason(match, result, axes, epsilon, rewrite);
    if (reason != null || epsilon == null) {
      return Outcome.refused(String.valueOf(reason));
    }
    Value fused =
        rewrite.add(
            node,
            "LayerNormalization",
            beta == null ? List.of(x, gamma) : List.of(x, gamma, beta),
            Map.of(
                "axis", Attribute.of(axes.getFirst()),
                "epsilon", Attribute.of(epsilon.floatValue())));
    int nodes = match.nodes().size();
    rewrite.replaceAndSweep(result, fused);
    return Outcome.changed(nodes + " nodes become LayerNormalization");
  }

  private static boolean isShifted(Node scaled) {
    Value output = scaled.output();
    return !output.isOutput()
        && output.users().size() == 1
        && SHIFTED.match(output.users().getFirst().node().output()) != null;
  }

  private static @Nullable String reason(
      Match match, Value result, List<Long> axes, @Nullable Double epsilon, Rewrite rewrite) {
    Value x = match.get("x");
    if (rewrite.opset() < OPSET) {
      return "needs opset " + OPSET + ", the model has " + rewrite.opset();
    }
    if (rewrite.type(x) != DataType.FLOAT) {
      return "type " + rewrite.type(x) + " (expected: float)";
    }
    if (epsilon == null) {
      return "epsilon has more than one element";
    }
    if (axes.isEmpty() || !axes.equals(axes(match.get("variance"), rewrite))) {
      return "mean and variance are not both over the last axes";
    }
    for (String name : List.of("gamma", "beta")) {
      Value weights = match.find(name);
      String wrong = weights == null ? null : misfit(name, weights, x, axes, rewrite);
      if (wrong != null) {
        return wrong;
      }
    }
    Value leak = match.leak(result);
    return leak == null ? null : "its part " + leak.name() + " is used elsewhere";
  }

  private static @Nullable String misfit(
      String name, Value weights, Value x, List<Long> axes, Rewrite rewrite) {
    Tensor tensor = weights.constant();
    List<Long> lengths = axes.stream().map(axis -> rewrite.fixedDim(x, axis.intValue())).toList();
    return tensor != null && tensor.dims().equals(lengths)
        ? null
        : "%s is %s (expected: dimensions %s, those of the normalized axes)"
            .formatted(name, tensor, lengths);
  }

  /** The reduced axes, counted from the end and ascending to -1; empty if they are not the last. */
  private static List<Long> axes(Value reduced, Rewrite rewrite) {
    Node node = reduced.producer();
    if (node == null || node.intAttribute("keepdims", 1) != 1) {
      return List.of();
    }
    List<Long> given = node.intsAttribute("axes");
    Value input = node.inputOrNull(1);
    if (given == null && input != null) {
      Tensor constant = input.constant();
      given = constant == null ? null : LongStream.of(constant.toLongs()).boxed().toList();
    }
    if (given == null || given.isEmpty()) {
      return List.of();
    }
    int rank = rewrite.rank(node.input(0));
    List<Long> axes = new ArrayList<>();
    for (long axis : given) {
      if (axis >= 0 && rank < 0) {
        return List.of();
      }
      axes.add(axis < 0 ? axis : axis - rank);
    }
    axes.sort(null);
    for (int i = 0; i < axes.size(); i++) {
      if (axes.get(i) != i - axes.size()) {
        return List.of();
      }
    }
    return axes;
  }
}
