package dev.hasten.graph;

import static dev.hasten.graph.OpFacts.Kind.REDUCTION;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;
import org.jspecify.annotations.Nullable;

/** Operators that fold axes. */
final class ReductionOperators {
  private ReductionOperators() {}

  static void addTo(Map<String, Operator> table) {
    for (String name : "L1 L2 LogSum LogSumExp Mean SumSquare".split(" ")) {
      table.put("Reduce" + name, reduction(null));
    }
    table.put("ReduceSum", reduction(Dim::plus));
    table.put("ReduceProd", reduction(Dim::times));
    table.put("ReduceMax", reduction(Dim::max));
    table.put("ReduceMin", reduction(Dim::min));
    table.put(
        "ArgMax",
        Operator.of(REDUCTION, ReductionOperators::argument).flow(ReductionOperators::argument));
    table.put(
        "ArgMin",
        Operator.of(REDUCTION, ReductionOperators::argument).flow(ReductionOperators::argument));
    table.put(
        "CumSum",
        Operator.of(REDUCTION, ElementwiseOperators::same).flow(PickingFlows::cumulative));
    table.put(
        "CumProd",
        Operator.of(REDUCTION, ElementwiseOperators::same).flow(PickingFlows::cumulative));
  }

  private static Operator reduction(@Nullable BinaryOperator<Dim> fold) {
    return Operator.of(REDUCTION, site -> reduce(site, fold)).flow(ReductionOperators::reduced);
  }

  static void reduce(Site site, @Nullable BinaryOperator<Dim> fold) {
    Shape input = site.shape(0);
    boolean keep = site.integer("keepdims", 1) != 0;
    long[] axes = site.integers("axes", 1);
    if (input == null) {
      site.put(0, site.type(0), !keep && axes == null && !site.has(1) ? Shape.SCALAR : null);
      return;
    }
    if (axes == null && site.has(1)) {
      site.put(0, site.type(0), keep ? site.freshShape(0, input.rank()) : null);
      return;
    }
    if (axes == null || axes.length == 0) {
      if (site.integer("noop_with_empty_axes", 0) != 0) {
        site.put(0, site.type(0), input, site.content(0));
        return;
      }
      axes = java.util.stream.LongStream.range(0, input.rank()).toArray();
    }
    Shape output = without(input, axes, keep);
    site.put(0, site.type(0), output, output.size().is(1) ? folded(site.content(0), fold) : null);
  }

  private static @Nullable Content folded(
      @Nullable Content content, @Nullable BinaryOperator<Dim> fold) {
    List<Dim> elements = content == null ? null : content.known();
    if (fold == null || elements == null || elements.isEmpty()) {
      return null;
    }
    return elements.stream().reduce(fold).map(Content::of).orElse(null);
  }

  static Shape without(Shape input, long[] axes, boolean keep) {
    boolean[] gone = new boolean[input.rank()];
    for (long axis : axes) {
      if (input.rank() > 0) {
        gone[ShapingOperators.axis(axis, input.rank())] = true;
      }
    }
    List<Dim> dims = new ArrayList<>();
    for (int i = 0; i < input.rank(); i++) {
      if (!gone[i]) {
        dims.add(input.dim(i));
      } else if (keep) {
        dims.add(Dim.ONE);
      }
    }
    return new Shape(dims);
  }

  private static void reduced(Costs.Shaped node, Operator.Flow flow) {
    List<Long> axes = node.node().intsAttribute("axes");
    if (axes == null && node.node().inputOrNull(1) != null) {
      List<Dim> content = node.content(1);
      if (content == null) {
        throw new Costs.Unknown("axes");
      }
      axes = content.stream().map(dim -> dim.value().orElseThrow()).toList();
    }
    if (axes != null && axes.isEmpty()) {
      axes = null;
    }
    if (axes == null && node.integer("noop_with_empty_axes", 0) != 0) {
      Operator.Flow.first(node, flow);
    } else {
      Flows.reduction(node, flow, axes, node.integer("keepdims", 1) != 0);
    }
  }

  private static void argument(Site site) {
    Shape input = site.shape(0);
    long[] axes = {site.integer("axis", 0)};
    boolean keep = site.integer("keepdims", 1) != 0;
    site.put(0, DataType.INT64, input == null ? null : without(input, axes, keep));
  }

  private static void argument(Costs.Shaped node, Operator.Flow flow) {
    List<Long> axes = List.of(node.integer("axis", 0));
    Flows.reduction(node, flow, axes, node.integer("keepdims", 1) != 0);
  }
}
