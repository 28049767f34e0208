package dev.hasten.graph.rewrite;

import dev.hasten.graph.Dim;
import dev.hasten.graph.Node;
import dev.hasten.graph.Shape;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.Arrays;
import java.util.List;

/**
 * A reshape to a computed shape becomes one to a constant shape, in which 0 keeps the input's
 * length and one -1 is whatever remains.
 *
 * <pre>
 * Reshape(x[batch,seq,384], Concat(Gather(Shape(x), 0), Gather(Shape(x), 1), 12, 32))
 * Reshape(x[batch,seq,384], [0, 0, 12, 32])
 * </pre>
 */
final class FixReshapeTargets implements Rule {
  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (!node.is("", "Reshape")
        || node.inputOrNull(1) == null
        || node.input(1).constant() != null) {
      return Outcome.none();
    }
    Value target = node.input(1);
    List<Dim> content = rewrite.content(target);
    if (content == null) {
      return Outcome.none();
    }
    Shape from = rewrite.shape(node.input(0));
    boolean zeroIsLength = node.intAttribute("allowzero", 0) != 0;
    long[] fixed = new long[content.size()];
    for (int i = 0; i < fixed.length; i++) {
      Dim dim = content.get(i);
      if (dim.isFixed()) {
        fixed[i] = dim.value().orElseThrow();
        if (fixed[i] == 0 && zeroIsLength) {
          return Outcome.refused("a length is 0, and allowzero says that it is meant");
        }
      } else {
        boolean kept = from != null && i < from.rank() && from.dim(i).equals(dim);
        fixed[i] = kept ? 0 : -1;
      }
    }
    if (Arrays.stream(fixed).filter(length -> length == -1).count() > 1) {
      return Outcome.refused(
          "more than one length of %s is open and not the input's (shape %s)"
              .formatted(content, from));
    }
    Value constant = rewrite.constant(node, target.name(), Tensor.longs(fixed, fixed.length));
    Node chain = target.producer();
    node.graph().setInput(node, 1, constant);
    if (zeroIsLength) {
      node.graph().removeAttribute(node, "allowzero");
    }
    if (chain != null) {
      rewrite.sweep(chain);
    }
    return Outcome.changed("the target " + content + " becomes " + Arrays.toString(fixed));
  }
}
