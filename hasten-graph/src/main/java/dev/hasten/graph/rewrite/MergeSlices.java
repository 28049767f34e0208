package dev.hasten.graph.rewrite;

import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * {@code x[a:b, :][:, c:d]} becomes {@code x[a:b, c:d]}: slices of different axes, with constant
 * bounds.
 */
final class MergeSlices implements Rule {
  /** From here on, bounds are inputs. */
  private static final long OPSET = 10;

  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (!node.is("", "Slice") || rewrite.opset() < OPSET) {
      return Outcome.none();
    }
    Value between = node.input(0);
    Node inner = between.producer();
    if (inner == null || !inner.is("", "Slice") || inner.graph() != node.graph()) {
      return Outcome.none();
    }
    int rank = rewrite.rank(between);
    SliceBounds first = SliceBounds.of(inner, rank);
    SliceBounds second = SliceBounds.of(node, rank);
    if (first == null || second == null) {
      return Outcome.refused("bounds of one of both slices are computed");
    }
    if (!Uses.only(between, node)) {
      return Outcome.refused("the first slice " + between.name() + " is used elsewhere");
    }
    if (Arrays.stream(second.axes()).anyMatch(a -> contains(first.axes(), a))) {
      return Outcome.refused("both slice the same axis");
    }
    String base = node.output().name();
    Value merged =
        rewrite.add(
            node,
            "Slice",
            List.of(
                inner.input(0),
                bounds(node, base + "/starts", first.starts(), second.starts(), rewrite),
                bounds(node, base + "/ends", first.ends(), second.ends(), rewrite),
                bounds(node, base + "/axes", longs(first.axes()), longs(second.axes()), rewrite),
                bounds(node, base + "/steps", first.steps(), second.steps(), rewrite)),
            Map.of());
    rewrite.replaceAndSweep(node.output(), merged);
    return Outcome.changed("two slices become one");
  }

  private static boolean contains(int[] axes, int axis) {
    return IntStream.of(axes).anyMatch(a -> a == axis);
  }

  private static long[] longs(int[] axes) {
    return IntStream.of(axes).asLongStream().toArray();
  }

  private static Value bounds(Node node, String name, long[] a, long[] b, Rewrite rewrite) {
    long[] both = LongStream.concat(LongStream.of(a), LongStream.of(b)).toArray();
    return rewrite.constant(node, name, Tensor.longs(both, both.length));
  }
}
