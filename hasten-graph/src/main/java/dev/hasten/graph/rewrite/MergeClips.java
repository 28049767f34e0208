package dev.hasten.graph.rewrite;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code Clip(Clip(x, a, b), c, d)} becomes {@code Clip(x, max(a, c), min(b, d))}, {@code
 * Relu(Relu(x))} becomes {@code Relu(x)}.
 *
 * <p>Both with constant bounds that leave something between them.
 */
final class MergeClips implements Rule {
  /** From here on, bounds are inputs. */
  private static final long OPSET = 11;

  private record Bounds(double low, double high) {}

  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    Node inner = node.domain().isEmpty() && isClip(node) ? node.input(0).producer() : null;
    if (inner == null
        || inner.graph() != node.graph()
        || !inner.domain().isEmpty()
        || !isClip(inner)) {
      return Outcome.none();
    }
    if (node.is("Relu") && inner.is("Relu")) {
      if (!node.graph().takesOver(node.output(), inner.output())) {
        return Outcome.none();
      }
      rewrite.replaceAndSweep(node.output(), inner.output());
      return Outcome.changed("the second Relu goes");
    }
    if (node.is("Relu") || inner.is("Relu") || rewrite.opset() < OPSET) {
      return Outcome.none();
    }
    return merge(node, inner, rewrite);
  }

  private static boolean isClip(Node node) {
    return node.is("Clip") || node.is("Relu");
  }

  private static Outcome merge(Node node, Node inner, Rewrite rewrite) {
    DataType type = rewrite.type(inner.input(0));
    Bounds a = bounds(inner);
    Bounds b = bounds(node);
    if (type != DataType.FLOAT || a == null || b == null) {
      return Outcome.refused("bounds are computed, or of type " + type);
    }
    double low = Math.max(a.low, b.low);
    double high = Math.min(a.high, b.high);
    if (!(a.low <= a.high && b.low <= b.high && low <= high)) {
      return Outcome.refused("bounds " + a + " and " + b + " leave nothing between them");
    }
    if (!Uses.only(inner.output(), node)) {
      return Outcome.refused("the first result " + inner.output().name() + " is used elsewhere");
    }
    String base = node.output().name();
    List<@Nullable Value> inputs =
        Arrays.asList(
            inner.input(0),
            bound(node, base + "/low", low, rewrite),
            bound(node, base + "/high", high, rewrite));
    rewrite.replaceAndSweep(node.output(), rewrite.add(node, "Clip", inputs, Map.of()));
    return Outcome.changed("two Clips become one from " + low + " to " + high);
  }

  private static @Nullable Value bound(Node node, String name, double bound, Rewrite rewrite) {
    return Double.isInfinite(bound)
        ? null
        : rewrite.constant(node, name, Tensor.scalar((float) bound));
  }

  private static @Nullable Bounds bounds(Node clip) {
    Double low = Constants.number(clip.inputOrNull(1), Double.NEGATIVE_INFINITY);
    Double high = Constants.number(clip.inputOrNull(2), Double.POSITIVE_INFINITY);
    return low == null || high == null ? null : new Bounds(low, high);
  }
}
