package dev.hasten.measure;

import dev.hasten.graph.Model;
import java.util.List;
import java.util.Map;

/** How far each operator is from what the machine allows. Williams, Waterman, Patterson 2009. */
public final class Roofline {
  private Roofline() {}

  /**
   * Places the nodes of {@code profile}. Nodes that the runtime made by fusing are matched by name
   * to the model's where it kept one; those without facts are {@link Placement.Bound#UNKNOWN}.
   *
   * @param model whose graph tells operations and bytes; best the runtime's optimized graph
   * @param bindings sizes of the symbolic dimensions in the profiled runs
   */
  public static List<Placement> place(
      OperatorProfile profile, Model model, Map<String, Long> bindings, Peaks peaks) {
    throw new UnsupportedOperationException();
  }
}
