package dev.hasten.measure;

import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How far each operator is from what the machine allows. Williams, Waterman, Patterson 2009. */
public final class Roofline {
  private Roofline() {}

  /**
   * Places the nodes of {@code profile}, dearest first. Operations and bytes follow from the shapes
   * that the profiler recorded, so nodes that the runtime made by fusing are placed too.
   */
  public static List<Placement> place(OperatorProfile profile, Peaks peaks) {
    return place(profile, Map.of(), peaks);
  }

  /**
   * The same, with the model at hand: it tells what the profiler does not, the kernels of
   * convolutions that the runtime packed. Nodes are matched by name.
   */
  public static List<Placement> place(OperatorProfile profile, Model model, Peaks peaks) {
    Map<String, Node> byName = new HashMap<>();
    for (Node node : model.graph().allNodes()) {
      byName.put(node.name(), node);
    }
    return place(profile, byName, peaks);
  }

  private static List<Placement> place(
      OperatorProfile profile, Map<String, Node> nodes, Peaks peaks) {
    List<Placement> placements = new ArrayList<>();
    for (OperatorProfile.NodeTime node : profile.nodes()) {
      placements.add(place(node, nodes.get(node.node()), peaks));
    }
    return List.copyOf(placements);
  }

  private static Placement place(OperatorProfile.NodeTime run, @Nullable Node node, Peaks peaks) {
    OperatorCost cost = OperatorCost.of(run, node);
    double peak = cost.integer() ? peaks.int8OpsPerSecond() : peaks.fp32FlopsPerSecond();
    double compute = cost.flops() / peak;
    double memory = cost.bytes() / peaks.bytesPerSecond();
    double limit = Math.max(compute, memory);
    double seconds = seconds(run.perRun());
    Placement.Bound bound =
        limit == 0
            ? Placement.Bound.UNKNOWN
            : compute >= memory ? Placement.Bound.COMPUTE : Placement.Bound.MEMORY;
    return new Placement(
        run.node(),
        run.opType(),
        cost.flops(),
        cost.bytes(),
        run.perRun(),
        limit,
        seconds == 0 ? 0 : limit / seconds,
        bound);
  }

  private static double seconds(Duration time) {
    return time.toNanos() * 1e-9;
  }
}
