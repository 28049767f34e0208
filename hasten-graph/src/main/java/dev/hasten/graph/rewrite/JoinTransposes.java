package dev.hasten.graph.rewrite;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.Node;
import dev.hasten.graph.Value;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is put together transposed is transposed when put together.
 *
 * <pre>
 * Add(Transpose(x, p), Transpose(y, p))                   Transpose(Add(x, y), p)
 * Concat(Transpose(x, p), Transpose(y, p), axis = a)      Transpose(Concat(x, y, axis = p[a]), p)
 * </pre>
 *
 * At least two Transposes of the same order, which nothing else reads, become one.
 */
final class JoinTransposes implements Rule {
  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    boolean concat = node.is("", "Concat");
    if (!concat && !TransposeAgnostic.isElementwise(node) || node.outputs().size() != 1) {
      return Outcome.none();
    }
    Permutation perm = null;
    Set<Value> transposed = new LinkedHashSet<>();
    for (Value input : node.inputs()) {
      Permutation found = input == null ? null : Permutation.behind(input, rewrite);
      if (input != null && found != null && (perm == null || perm.equals(found))) {
        perm = found;
        transposed.add(input);
      }
    }
    if (perm == null || transposed.size() < 2) {
      return Outcome.none();
    }
    for (Value value : transposed) {
      if (!Uses.only(value, node)) {
        return Outcome.refused("the transposed " + value.name() + " is used elsewhere");
      }
    }
    List<@Nullable Value> inputs = TransposeAgnostic.inputs(node, perm, rewrite);
    if (inputs == null || rewrite.rank(node.output()) != perm.rank()) {
      return Outcome.refused("not all its operands are transposed by " + perm);
    }
    Map<String, Attribute> attributes = new LinkedHashMap<>(node.attributes());
    if (concat) {
      long axis = node.intAttribute("axis", 0);
      attributes.put("axis", Attribute.of(perm.axis((int) (axis < 0 ? axis + perm.rank() : axis))));
    }
    Value joined = rewrite.add(node, node.opType(), inputs, attributes);
    Value result = rewrite.add(node, "Transpose", List.of(joined), perm.attributes());
    rewrite.replaceAndSweep(node.output(), result);
    return Outcome.changed(
        transposed.size() + " Transposes before " + node.opType() + " become one after it");
  }
}
