package dev.hasten.graph.rewrite;

import dev.hasten.graph.Node;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@link SelfAttention} that exporters write out becomes one operator, projections included.
 *
 * <pre>
 * com.microsoft.Attention(x, [Wq Wk Wv], [bq bk bv], mask[batch,seq]; num_heads, scale = 1/c)
 * </pre>
 */
final class FuseAttention implements Rule {
  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    return SelfAttention.fuse(
        node,
        rewrite,
        "com.microsoft.Attention",
        found -> {
          List<@Nullable Value> inputs = new ArrayList<>();
          inputs.add(found.match().get("x"));
          inputs.add(joined(found.match(), "Weights", node, rewrite));
          inputs.add(joined(found.match(), "Bias", node, rewrite));
          if (found.mask() != null) {
            inputs.add(found.mask());
          }
          return rewrite.add(node, Node.MICROSOFT, "Attention", inputs, found.attributes());
        });
  }

  /** Those of query, key and value side by side along the last axis. */
  private static Value joined(Match match, String what, Node node, Rewrite rewrite) {
    List<Value> parts =
        List.of(match.get("q" + what), match.get("k" + what), match.get("v" + what));
    return rewrite.constant(node, node.output().name() + "/qkv" + what, Columns.join(parts));
  }
}
