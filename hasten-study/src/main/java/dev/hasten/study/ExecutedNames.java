package dev.hasten.study;

import dev.hasten.graph.Graph;
import dev.hasten.graph.Node;
import dev.hasten.graph.Value;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Which node of a model an executed one stems from. The runtime and techniques make names longer at
 * the end, by {@code _} or {@code /}: what is left after cutting is the name of a node, or of the
 * value that one makes.
 */
final class ExecutedNames {
  private final Map<String, Node> nodes = new HashMap<>();

  ExecutedNames(Graph graph) {
    for (Node node : graph.allNodes()) {
      for (Value value : node.outputs()) {
        nodes.putIfAbsent(value.name(), node);
      }
    }
    graph.allNodes().forEach(node -> nodes.put(node.name(), node));
    nodes.remove("");
  }

  /** The node of that name, or that it was made from. */
  Optional<Node> node(String executed) {
    String name = executed;
    while (!name.isEmpty()) {
      Node node = nodes.get(name);
      if (node != null) {
        return Optional.of(node);
      }
      int cut = Math.max(name.lastIndexOf('/'), name.lastIndexOf('_'));
      name = cut < 0 ? "" : name.substring(0, cut);
    }
    return Optional.empty();
  }
}
