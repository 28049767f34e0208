package dev.hasten.graph;

import java.util.List;

/** Arithmetic of nodes that run graphs: that of the bodies, as often as they run. */
final class BodyCosts {
  private BodyCosts() {}

  /** All nodes of a graph together. */
  static Dim of(Graph graph, Shapes shapes) {
    Dim total = Dim.ZERO;
    for (Node node : graph.nodes()) {
      OpFacts facts = Costs.facts(node, shapes);
      if (!facts.known()) {
        throw new Costs.Unknown(node.toString());
      }
      total = total.plus(facts.flops());
    }
    return total;
  }

  private static Dim of(Costs.Shaped node, String attribute) {
    if (node.node().attribute(attribute) instanceof Attribute.GraphAttr(Graph body)) {
      return of(body, node.shapes());
    }
    throw new Costs.Unknown(attribute);
  }

  /** The costlier branch. */
  static Dim branches(Costs.Shaped node) {
    return of(node, "then_branch").max(of(node, "else_branch"));
  }

  /** Known where the count alone ends the loop, which its stacked outputs show, or is given. */
  static Dim loop(Costs.Shaped node) {
    List<Dim> trips = node.content(0);
    if (trips == null || trips.size() != 1) {
      throw new Costs.Unknown("number of iterations");
    }
    return of(node, "body").times(trips.getFirst().max(Dim.ZERO));
  }

  static Dim scan(Costs.Shaped node) {
    int scanned = (int) node.integer("num_scan_inputs", 0);
    int first = node.inputCount() - scanned;
    List<Long> axes = node.node().intsAttribute("scan_input_axes", List.of());
    Shape input = node.input(first);
    int batch = node.shapes().opset(node.node()) < 9 ? 1 : 0;
    int axis = axes.isEmpty() ? batch : ShapingOperators.axis(axes.getFirst(), input.rank());
    Dim steps = input.dim(axis);
    return of(node, "body").times(batch > 0 ? steps.times(input.dim(0)) : steps);
  }
}
