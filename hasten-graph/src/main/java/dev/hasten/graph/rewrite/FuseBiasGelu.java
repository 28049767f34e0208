package dev.hasten.graph.rewrite;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.List;
import java.util.Map;

/** {@code Gelu(Add(x[…,n], bias[n]))} becomes {@code com.microsoft.BiasGelu(x, bias)}. */
final class FuseBiasGelu implements Rule {
  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (!node.is("Gelu")) {
      return Outcome.none();
    }
    Value sum = node.input(0);
    Node add = sum.producer();
    if (add == null || !add.is("", "Add") || add.graph() != node.graph()) {
      return Outcome.none();
    }
    if (!node.stringAttribute("approximate", "none").equals("none")) {
      return Outcome.refused("the approximate form has no biased operator");
    }
    if (sum.isOutput() || sum.users().size() > 1) {
      return Outcome.refused("the sum " + sum.name() + " is used elsewhere");
    }
    for (int i = 0; i < 2; i++) {
      Value bias = add.input(i);
      Value x = add.input(1 - i);
      Tensor constant = bias.constant();
      if (constant != null
          && constant.type() == DataType.FLOAT
          && constant.rank() == 1
          && rewrite.fixedDim(x, -1) == constant.size()) {
        Value fused = rewrite.add(node, Node.MICROSOFT, "BiasGelu", List.of(x, bias), Map.of());
        rewrite.replaceAndSweep(node.output(), fused);
        return Outcome.changed("Add and Gelu become com.microsoft.BiasGelu");
      }
    }
    return Outcome.refused("neither operand is a constant vector of the last axis' length");
  }
}
