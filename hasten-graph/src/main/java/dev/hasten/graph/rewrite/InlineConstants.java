package dev.hasten.graph.rewrite;

import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;

/** {@code Constant() → c} becomes the initializer {@code c}. */
final class InlineConstants implements Rule {
  /** Before it, every initializer had to be an input, which callers may override. */
  private static final long IR_WITH_PLAIN_INITIALIZERS = 4;

  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (!node.is("", "Constant")) {
      return Outcome.none();
    }
    Value output = node.output();
    Tensor tensor = output.constant();
    if (tensor == null) {
      return Outcome.refused("its value has no tensor form");
    }
    if (rewrite.model().irVersion() < IR_WITH_PLAIN_INITIALIZERS) {
      return Outcome.refused("needs IR version 4, the model has " + rewrite.model().irVersion());
    }
    Value initializer = rewrite.constant(node, output.name(), tensor);
    if (!node.graph().takesOver(output, initializer)) {
      node.graph().remove(initializer);
      return Outcome.none();
    }
    rewrite.replaceAndSweep(output, initializer);
    return Outcome.changed("Constant becomes an initializer");
  }
}
