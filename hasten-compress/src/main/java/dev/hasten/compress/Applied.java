package dev.hasten.compress;

import dev.hasten.graph.Model;
import dev.hasten.graph.rewrite.Change;
import dev.hasten.graph.rewrite.Refusal;
import java.util.List;

/**
 * What a technique or a recipe made, with the evidence.
 *
 * @param model the new model
 * @param changes what was done, each naming its node
 * @param refusals what was not done, each naming its node and the reason
 */
public record Applied(Model model, List<Change> changes, List<Refusal> refusals) {
  public Applied {
    changes = List.copyOf(changes);
    refusals = List.copyOf(refusals);
  }

  /** Whether anything was changed. */
  public boolean changed() {
    return !changes.isEmpty();
  }
}
