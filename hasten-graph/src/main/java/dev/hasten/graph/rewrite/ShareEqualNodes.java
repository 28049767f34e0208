package dev.hasten.graph.rewrite;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Node;
import dev.hasten.graph.Use;
import dev.hasten.graph.Value;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code y = f(x), z = f(x)} becomes {@code y = f(x)}, used for z too. */
final class ShareEqualNodes implements Rule {
  /** Each run of these is another. */
  private static final Set<String> RANDOM =
      Set.of(
          "Bernoulli",
          "Dropout",
          "Multinomial",
          "RandomNormal",
          "RandomNormalLike",
          "RandomUniform",
          "RandomUniformLike");

  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    Value input = node.inputOrNull(0);
    if (input == null
        || !(node.domain().isEmpty() || node.domain().equals(Node.MICROSOFT))
        || RANDOM.contains(node.opType())
        || !node.subgraphs().isEmpty()) {
      return Outcome.none();
    }
    for (Use use : input.users()) {
      Node other = use.node();
      if (other != node && other.graph() == node.graph() && same(node, other)) {
        return share(node, other, rewrite);
      }
    }
    return Outcome.none();
  }

  private static Outcome share(Node node, Node other, Rewrite rewrite) {
    Graph graph = node.graph();
    for (int i = 0; i < node.outputs().size(); i++) {
      if (!graph.takesOver(node.output(i), other.output(i))) {
        return Outcome.none();
      }
    }
    for (int i = 0; i < node.outputs().size(); i++) {
      rewrite.replace(node.output(i), other.output(i));
    }
    rewrite.sweep(node);
    return Outcome.changed("the same as " + other);
  }

  private static boolean same(Node a, Node b) {
    return a.opType().equals(b.opType())
        && a.domain().equals(b.domain())
        && a.inputs().equals(b.inputs())
        && sameOutputs(a, b)
        && sameAttributes(a.attributes(), b.attributes());
  }

  private static boolean sameOutputs(Node a, Node b) {
    List<Boolean> first = a.outputs().stream().map(Value::isOmitted).toList();
    return first.equals(b.outputs().stream().map(Value::isOmitted).toList());
  }

  private static boolean sameAttributes(Map<String, Attribute> a, Map<String, Attribute> b) {
    return a.keySet().equals(b.keySet())
        && a.entrySet().stream().allMatch(entry -> same(entry.getValue(), b.get(entry.getKey())));
  }

  private static boolean same(Attribute a, @Nullable Attribute b) {
    return a instanceof Attribute.TensorAttr(var x) && b instanceof Attribute.TensorAttr(var y)
        ? x.contentEquals(y)
        : Objects.equals(a, b);
  }
}
