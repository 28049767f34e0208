package dev.hasten.graph.rewrite;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.Node;
import dev.hasten.graph.Shape;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A normalized residual connection becomes one operator.
 *
 * <pre>
 * LayerNormalization(Add(Add(y[batch,seq,n], bias[n]), skip[batch,seq,n]), γ, β, ε)
 * com.microsoft.SkipLayerNormalization(y, skip, γ, β, bias; ε)
 * </pre>
 *
 * The bias is optional. One that does more than be added, since y is broadcast along it, stays.
 */
final class FuseSkipLayerNormalization implements Rule {
  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (!node.is("", "LayerNormalization")) {
      return Outcome.none();
    }
    Node add = node.input(0).producer();
    if (add == null || !add.is("", "Add") || add.graph() != node.graph()) {
      return Outcome.none();
    }
    Value y = add.input(0);
    Value skip = add.input(1);
    String reason = reason(node, add, y, skip, rewrite);
    if (reason != null) {
      return Outcome.refused(reason);
    }
    Node biased = biased(y, rewrite) != null ? biased(y, rewrite) : biased(skip, rewrite);
    if (biased != null && biased.output() == skip) {
      skip = y;
    }
    List<@Nullable Value> inputs = new ArrayList<>();
    Value bias = biased == null ? null : bias(biased);
    inputs.add(biased == null || bias == null ? y : other(biased, bias));
    inputs.add(skip);
    inputs.add(node.input(1));
    inputs.add(node.inputOrNull(2));
    if (bias != null) {
      inputs.add(bias);
    }
    Value fused =
        rewrite.add(
            node,
            Node.MICROSOFT,
            "SkipLayerNormalization",
            inputs,
            Map.of("epsilon", Attribute.of(node.floatAttribute("epsilon", 1e-5f))));
    rewrite.replaceAndSweep(node.output(), fused);
    return Outcome.changed(
        (bias == null ? "Add and" : "two Adds and")
            + " LayerNormalization become com.microsoft.SkipLayerNormalization");
  }

  private static @Nullable String reason(
      Node node, Node add, Value y, Value skip, Rewrite rewrite) {
    Shape shape = rewrite.shape(y);
    if (rewrite.type(y) != DataType.FLOAT) {
      return "type " + rewrite.type(y) + " (expected: float)";
    }
    if (shape == null || shape.rank() != 3 || !shape.equals(rewrite.shape(skip))) {
      return "operands %s and %s (expected: both [batch,seq,n])"
          .formatted(shape, rewrite.shape(skip));
    }
    long axis = node.intAttribute("axis", -1);
    if (axis != -1 && axis != 2) {
      return "normalized from axis " + axis + " (expected: the last only)";
    }
    if (node.outputs().stream().skip(1).anyMatch(Value::isUsed)) {
      return "mean or deviation is used elsewhere";
    }
    return add.output().isOutput() || add.output().users().size() > 1
        ? "the sum " + add.output().name() + " is used elsewhere"
        : null;
  }

  /** The node that adds a bias to make {@code value}, if nothing else uses that, else null. */
  private static @Nullable Node biased(Value value, Rewrite rewrite) {
    Node node = value.producer();
    if (node == null || !node.is("", "Add") || value.isOutput() || value.users().size() != 1) {
      return null;
    }
    Value bias = bias(node);
    Shape sum = rewrite.shape(value);
    return bias != null && sum != null && sum.equals(rewrite.shape(other(node, bias)))
        ? node
        : null;
  }

  private static @Nullable Value bias(Node add) {
    return isVector(add.input(1)) ? add.input(1) : isVector(add.input(0)) ? add.input(0) : null;
  }

  private static boolean isVector(Value value) {
    Tensor tensor = value.constant();
    return tensor != null && tensor.rank() == 1 && tensor.size() > 1;
  }

  private static Value other(Node add, Value operand) {
    return add.input(0) == operand ? add.input(1) : add.input(0);
  }
}
