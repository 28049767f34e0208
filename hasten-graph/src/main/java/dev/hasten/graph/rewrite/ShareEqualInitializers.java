package dev.hasten.graph.rewrite;

import dev.hasten.graph.Node;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Two initializers with the same type, dimensions and bits become one. */
final class ShareEqualInitializers implements Rule {
  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    List<String> shared = new ArrayList<>();
    List<@Nullable Value> inputs = node.inputs();
    for (Value input : inputs) {
      if (input == null
          || !input.isInitializer()
          || input.isOutput()
          || input.graph() != node.graph()
          || input.constant() == null) {
        continue;
      }
      Value first = rewrite.firstWithContentOf(input);
      if (first != input) {
        rewrite.replace(input, first);
        if (!input.isUsed() && !input.isInput() && Rewrite.isPresent(input)) {
          input.graph().remove(input);
        }
        shared.add(first.name());
      }
    }
    return shared.isEmpty()
        ? Outcome.none()
        : Outcome.changed("reads the equal " + String.join(", ", shared));
  }
}
