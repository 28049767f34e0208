package dev.hasten.graph;

import java.util.List;
import java.util.Map;

/** Replacing a value that is an output of a graph. */
final class GraphOutputs {
  private GraphOutputs() {}

  /**
   * Whether {@code by} can stand for the output {@code old}: runtimes want graph outputs made by a
   * node of the same graph, and one value has one name.
   */
  static boolean takesOver(Value old, Value by) {
    if (old.outputs == 0) {
      return true;
    }
    boolean alone =
        by.producer != null && by.graph == old.graph && by.outputs == 0 && old.outputs == 1;
    // The names of a subgraph's outputs mean nothing outside; those of the main graph are its API.
    return alone
        && (old.graph.outer() != null
            || !old.input && old.graph.context.values.count(old.name()) == 1);
  }

  static void replace(Value old, Value by) {
    Graph graph = old.graph;
    boolean main = graph.outer() == null;
    if (old.outputs == 0 || main && old.input) {
      return;
    }
    String name = old.name();
    Value standIn = by;
    if (!takesOver(old, by)) {
      standIn = graph.op(name, "Identity", List.of(by), Map.of());
      standIn.declared = by.declared != null ? by.declared : old.declared;
    }
    replaceIn(graph, old, standIn);
    if (main) {
      graph.moveName(old, graph.uniqueName(name + "_replaced"));
      graph.moveName(standIn, name);
    }
  }

  /** In the graph of {@code old}, and in nested graphs that return it directly. */
  private static void replaceIn(Graph graph, Value old, Value standIn) {
    for (Declaration output : graph.outputs) {
      if (output.value == old) {
        output.value = standIn;
        old.outputs--;
        standIn.outputs++;
      }
    }
    if (old.outputs > 0) {
      for (Node node : graph.nodeSet()) {
        node.forEachSubgraph(inner -> replaceIn(inner, old, standIn));
      }
    }
  }
}
