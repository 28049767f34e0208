package dev.hasten.graph.rewrite;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code If(true) {A} else {B}} becomes A: the branch's nodes move to where the If stood. */
final class InlineConstantIfs implements Rule {
  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    Tensor condition = node.is("", "If") ? node.input(0).constant() : null;
    if (condition == null || condition.size() != 1) {
      return Outcome.none();
    }
    String taken = condition.toLongs()[0] != 0 ? "then_branch" : "else_branch";
    if (!(node.attribute(taken) instanceof Attribute.GraphAttr(Graph branch))) {
      return Outcome.none();
    }
    for (Node inner : branch.nodes()) {
      if (!inner.subgraphs().isEmpty()) {
        // Inner ones with a known condition go first; what is left then is a real choice.
        return Outcome.refused("the branch holds the control flow of " + inner);
      }
    }
    for (Value value : branch.initializers()) {
      if (value.initializer() == null) {
        return Outcome.refused("the branch holds the sparse " + value.name());
      }
    }
    Map<Value, Value> moved = move(branch, node, rewrite);
    List<Value> results = branch.outputs();
    for (int i = 0; i < node.outputs().size(); i++) {
      if (node.output(i).isUsed()) {
        rewrite.replace(node.output(i), moved.getOrDefault(results.get(i), results.get(i)));
      }
    }
    rewrite.sweep(node);
    return Outcome.changed("only the " + taken + " is ever taken");
  }

  private static Map<Value, Value> move(Graph branch, Node node, Rewrite rewrite) {
    Map<Value, Value> moved = new IdentityHashMap<>();
    for (Value value : branch.initializers()) {
      Tensor tensor = value.initializer();
      if (tensor != null) {
        moved.put(value, rewrite.constant(node, value.name(), tensor));
      }
    }
    for (Node inner : branch.nodes()) {
      List<@Nullable Value> inputs = new ArrayList<>();
      for (Value input : inner.inputs()) {
        inputs.add(input == null ? null : moved.getOrDefault(input, input));
      }
      Node copy =
          rewrite.addNode(
              node,
              inner.domain(),
              inner.opType(),
              inputs,
              inner.attributes(),
              inner.outputs().stream().map(Value::name).toList());
      for (int i = 0; i < inner.outputs().size(); i++) {
        moved.put(inner.output(i), copy.output(i));
      }
    }
    return moved;
  }
}
