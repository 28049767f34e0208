package dev.hasten.graph;

import static dev.hasten.graph.OpFacts.Kind.NORMALIZATION;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Softmax and the norms. */
final class NormalizationOperators {
  private NormalizationOperators() {}

  static void addTo(Map<String, Operator> table) {
    // Subtract the maximum, exponential, sum, divide: about five per element.
    for (String name : List.of("Softmax", "LogSoftmax", "Hardmax")) {
      table.put(name, normalization(5, NormalizationOperators::softmax));
    }
    table.put(
        "LayerNormalization",
        normalization(8, NormalizationOperators::fromAxis)
            .inferredBy(NormalizationOperators::layerNormalization));
    // Not of the standard, but ONNX Runtime registers it there.
    table.put(
        "SimplifiedLayerNormalization",
        normalization(5, NormalizationOperators::fromAxis)
            .inferredBy(NormalizationOperators::layerNormalization));
    table.put("RMSNormalization", normalization(5, NormalizationOperators::fromAxis));
    // ONNX Runtime's own, yet in the standard domain.
    table.put("SimplifiedLayerNormalization", normalization(5, NormalizationOperators::fromAxis));
    table.put(
        "BatchNormalization",
        normalization(2, (_, _, _) -> false)
            .inferredBy(NormalizationOperators::batchNormalization));
    table.put("InstanceNormalization", normalization(8, (_, _, axis) -> axis >= 2));
    table.put("GroupNormalization", normalization(8, (_, _, axis) -> axis >= 1));
    table.put("LRN", normalization(8, (_, _, axis) -> axis == 1));
    table.put("MeanVarianceNormalization", normalization(8, (_, _, axis) -> axis != 1));
    table.put(
        "LpNormalization",
        normalization(
            4,
            (node, rank, axis) -> axis == ShapingOperators.axis(node.integer("axis", -1), rank)));
  }

  /** Whether a norm mixes the positions of an axis. */
  interface Mixes {
    boolean mixes(Costs.Shaped node, int rank, int axis);
  }

  static Operator normalization(long flopsPerElement, Mixes mixes) {
    return Operator.of(NORMALIZATION, ElementwiseOperators::same)
        .flow((node, flow) -> {
          int rank = node.input(0).rank();
          Flows.mixing(node, flow, axis -> mixes.mixes(node, rank, axis));
        })
        .flops(Operator.perOutput(flopsPerElement));
  }

  /** Before opset 13 all axes from the given one on together, since then that one alone. */
  private static boolean softmax(Costs.Shaped node, int rank, int axis) {
    boolean together = node.shapes().opset(node.node()) < 13;
    int given = ShapingOperators.axis(node.integer("axis", together ? 1 : -1), rank);
    return together ? axis >= given : axis == given;
  }

  static boolean fromAxis(Costs.Shaped node, int rank, int axis) {
    return axis >= ShapingOperators.axis(node.integer("axis", -1), rank);
  }

  private static void layerNormalization(Site site) {
    Shape input = site.shape(0);
    ElementwiseOperators.same(site);
    Shape statistics = null;
    if (input != null) {
      int axis = ShapingOperators.axis(site.integer("axis", -1), input.rank());
      List<Dim> dims = new ArrayList<>(input.dims());
      for (int i = axis; i < dims.size(); i++) {
        dims.set(i, Dim.ONE);
      }
      statistics = new Shape(dims);
    }
    DataType stash = DataType.find((int) site.integer("stash_type", 1));
    site.put(1, stash, statistics);
    site.put(2, stash, statistics);
  }

  private static void batchNormalization(Site site) {
    ElementwiseOperators.same(site);
    @Nullable Shape channels = site.shape(1);
    for (int i = 1; i < site.outputCount(); i++) {
      site.put(i, site.type(i <= 2 ? i + 2 : 0), channels);
    }
  }
}
