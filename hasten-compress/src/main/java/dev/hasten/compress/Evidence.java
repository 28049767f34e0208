package dev.hasten.compress;

import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.rewrite.Change;
import dev.hasten.graph.rewrite.Refusal;
import java.util.ArrayList;
import java.util.List;

/** Collects what a technique did and did not do. */
final class Evidence {
  private final String technique;
  private final List<Change> changes = new ArrayList<>();
  private final List<Refusal> refusals = new ArrayList<>();

  Evidence(String technique) {
    this.technique = technique;
  }

  void changed(String node, String what) {
    changes.add(new Change(technique, node, what));
  }

  void refuse(Node node, String reason) {
    refuse(node.name(), reason);
  }

  void refuse(String node, String reason) {
    refusals.add(new Refusal(technique, node, reason));
  }

  boolean changedNothing() {
    return changes.isEmpty();
  }

  Applied of(Model model) {
    return new Applied(model, changes, refusals);
  }
}
