package dev.hasten.graph.rewrite;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Node;
import dev.hasten.graph.Use;
import dev.hasten.graph.Value;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@link SelfAttention} that exporters write out keeps its projections; the rest becomes one
 * operator, which leaves the mask out of a batch that has no padding.
 *
 * <pre>
 * full = ReduceMin(mask[batch,seq]) ≠ 0                                    once for all layers
 * If(full) { com.microsoft.MultiHeadAttention(q, k, v) }
 * else { com.microsoft.MultiHeadAttention(q, k, v, mask) }
 * </pre>
 *
 * Without a mask ONNX Runtime takes the tiled softmax of Dao et al., FlashAttention, 2022, on a
 * processor too; with one it writes the whole {@code [batch,heads,seq,seq]} of weights.
 */
final class FuseMultiHeadAttention implements Rule {
  private static final String OPERATOR = "MultiHeadAttention";

  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    return SelfAttention.fuse(
        node,
        rewrite,
        "com.microsoft." + OPERATOR,
        found -> {
          List<Value> sums =
              List.of(found.match().get("q"), found.match().get("k"), found.match().get("v"));
          return found.mask() == null
              ? rewrite.add(node, Node.MICROSOFT, OPERATOR, sums, found.attributes())
              : choice(node, sums, found.mask(), found.attributes(), rewrite);
        });
  }

  private static Value choice(
      Node node, List<Value> sums, Value mask, Map<String, Attribute> attributes, Rewrite rewrite) {
    if (!rewrite.model().opsets().containsKey(Node.MICROSOFT)) {
      rewrite.model().setOpset(Node.MICROSOFT, 1);
    }
    String name = node.output().name();
    Graph without = branch(node, name + "/full", sums, attributes);
    Graph with =
        branch(
            node,
            name + "/padded",
            Arrays.asList(sums.get(0), sums.get(1), sums.get(2), null, mask),
            attributes);
    return rewrite.add(
        node,
        "If",
        List.of(full(mask, node, rewrite)),
        Map.of("then_branch", Attribute.of(without), "else_branch", Attribute.of(with)));
  }

  private static Graph branch(
      Node node,
      String name,
      List<? extends @Nullable Value> inputs,
      Map<String, Attribute> attributes) {
    Graph branch = node.graph().subgraph(name);
    Node attention = branch.add(Node.MICROSOFT, OPERATOR, inputs, attributes, List.of(name));
    branch.addOutput(attention.output());
    return branch;
  }

  /** Whether the mask has no 0. */
  private static Value full(Value mask, Node node, Rewrite rewrite) {
    for (Use use : mask.users()) {
      Node least = use.node();
      if (least.is("", "ReduceMin")
          && least.graph() == node.graph()
          && least.inputs().size() == 1
          && least.attribute("axes") == null
          && least.intAttribute("keepdims", 1) == 0) {
        for (Use next : least.output().users()) {
          if (next.node().is("", "Cast")
              && next.node().graph() == node.graph()
              && next.node().intAttribute("to", 0) == DataType.BOOL.onnx()) {
            return next.node().output();
          }
        }
      }
    }
    Value least =
        rewrite.add(node, "ReduceMin", List.of(mask), Map.of("keepdims", Attribute.of(0)));
    return rewrite.add(
        node, "Cast", List.of(least), Map.of("to", Attribute.of(DataType.BOOL.onnx())));
  }
}
