package dev.hasten.graph.rewrite;

import dev.hasten.graph.Model;
import java.util.ArrayList;
import java.util.List;

/**
 * What a run of rules made of a model.
 *
 * @param model the rewritten copy; the model that was given is untouched
 * @param changes what was changed, in order
 * @param refusals what could have matched and did not, with the reason, as it stands in the
 *     rewritten model
 */
public record RewriteResult(Model model, List<Change> changes, List<Refusal> refusals) {
  /** Copies the lists. */
  public RewriteResult {
    changes = List.copyOf(changes);
    refusals = List.copyOf(refusals);
  }

  /** Whether any rule fired. */
  public boolean changed() {
    return !changes.isEmpty();
  }

  /** This result with the changes and refusals of an earlier one before its own. */
  public RewriteResult after(RewriteResult earlier) {
    List<Change> allChanges = new ArrayList<>(earlier.changes);
    allChanges.addAll(changes);
    List<Refusal> allRefusals = new ArrayList<>(earlier.refusals);
    allRefusals.addAll(refusals);
    return new RewriteResult(model, allChanges, allRefusals);
  }
}
