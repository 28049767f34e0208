package dev.hasten.graph.rewrite;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A reduction that leaves nothing of an order does not need it.
 *
 * <pre>
 * ReduceMean(Transpose(x[N,C,H,W], [0,2,3,1]), axes [1,2], keepdims 0)
 * ReduceMean(x, axes [2,3], keepdims 0)                                   [N,C]
 * </pre>
 */
final class ReduceTransposed implements Rule {
  private static final Set<String> REDUCTIONS =
      Set.of("ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum");

  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (!node.domain().isEmpty() || !REDUCTIONS.contains(node.opType())) {
      return Outcome.none();
    }
    Permutation perm = Permutation.behind(node.input(0), rewrite);
    Node transpose = node.input(0).producer();
    long[] given = Axes.of(node, 1);
    if (perm == null || transpose == null || given == null || given.length == 0) {
      return Outcome.none();
    }
    int[] axes = Axes.fromFront(given, perm.rank());
    if (axes == null) {
      return Outcome.none();
    }
    List<Integer> reduced = Arrays.stream(axes).boxed().toList();
    boolean keeps = node.intAttribute("keepdims", 1) != 0;
    boolean inOrder = keeps ? keepsOrder(perm, reduced) : perm.without(reduced).isIdentity();
    if (!inOrder) {
      return Outcome.refused("the axes that are left are in the order " + perm + " as well");
    }
    long[] moved = Arrays.stream(axes).map(perm::axis).sorted().asLongStream().toArray();
    Map<String, Attribute> attributes = new LinkedHashMap<>(node.attributes());
    List<Value> inputs = List.of(transpose.input(0));
    if (node.attribute("axes") != null) {
      attributes.put("axes", Attribute.ints(moved));
    } else {
      Value constant =
          rewrite.constant(node, node.output().name() + "/axes", Tensor.longs(moved, moved.length));
      inputs = List.of(transpose.input(0), constant);
    }
    rewrite.replaceAndSweep(node.output(), rewrite.add(node, node.opType(), inputs, attributes));
    return Outcome.changed(node.opType() + " needs no Transpose before it");
  }

  /** With the reduced axes kept, only an order that moves nothing else and these among them. */
  private static boolean keepsOrder(Permutation perm, List<Integer> reduced) {
    for (int i = 0; i < perm.rank(); i++) {
      if (perm.axis(i) != i && !(reduced.contains(i) && reduced.contains(perm.axis(i)))) {
        return false;
      }
    }
    return true;
  }
}
