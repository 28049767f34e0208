package dev.hasten.graph;

import static dev.hasten.graph.OpFacts.Kind.GATHER;
import static dev.hasten.graph.OpFacts.Kind.OTHER;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Operators that pick elements by index or by value. */
final class IndexingOperators {
  private IndexingOperators() {}

  static void addTo(Map<String, Operator> table) {
    table.put(
        "Gather", Operator.of(GATHER, IndexingOperators::gather).flow(IndexingOperators::picked));
    table.put(
        "GatherElements",
        Operator.of(GATHER, s -> s.put(0, s.type(0), s.shape(1)))
            .flow(PickingFlows::gatherElements));
    table.put(
        "GatherND", Operator.of(GATHER, IndexingOperators::gatherNd).flow(PickingFlows::gatherNd));
    for (String name : List.of("Scatter", "ScatterElements", "TensorScatter")) {
      table.put(
          name,
          Operator.of(GATHER, ElementwiseOperators::same).flow(PickingFlows::scatterElements));
    }
    table.put(
        "ScatterND", Operator.of(GATHER, ElementwiseOperators::same).flow(PickingFlows::scatterNd));
    table.put("OneHot", Operator.of(GATHER, IndexingOperators::oneHot).flow(PickingFlows::oneHot));
    table.put(
        "EyeLike", Operator.of(GATHER, IndexingOperators::eyeLike).flow(Operator.Flow::fresh));
    table.put("NonZero", Operator.of(GATHER, IndexingOperators::nonZero));
    table.put(
        "Compress", Operator.of(GATHER, IndexingOperators::compress).flow(PickingFlows::compress));
    table.put("TopK", Operator.of(GATHER, IndexingOperators::topK).flow(PickingFlows::topK));
    table.put("Unique", Operator.of(GATHER, IndexingOperators::unique));
    table.put(
        "NonMaxSuppression",
        Operator.of(OTHER, s -> s.put(0, DataType.INT64, Shape.of(s.fresh(0, 0), 3))));
  }

  private static void gather(Site site) {
    Shape data = site.shape(0);
    Shape indices = site.shape(1);
    if (data == null || indices == null) {
      site.put(0, site.type(0), null);
      return;
    }
    int axis = ShapingOperators.axis(site.integer("axis", 0), data.rank());
    List<Dim> dims = new ArrayList<>(data.dims().subList(0, axis));
    dims.addAll(indices.dims());
    dims.addAll(data.dims().subList(axis + 1, data.rank()));
    site.put(0, site.type(0), new Shape(dims), gathered(site, data));
  }

  private static @Nullable Content gathered(Site site, Shape data) {
    Content content = site.content(0);
    long[] positions = site.numbers(1);
    if (content == null || positions == null || data.rank() != 1) {
      return null;
    }
    List<@Nullable Dim> out = new ArrayList<>();
    for (long position : positions) {
      out.add(content.get(ShapingOperators.axis(position, content.size())));
    }
    return Content.of(out);
  }

  private static void picked(Costs.Shaped node, Operator.Flow flow) {
    Shape data = node.input(0);
    Shape indices = node.input(1);
    int axis = ShapingOperators.axis(node.integer("axis", 0), data.rank());
    int out = 0;
    for (int i = 0; i < data.rank(); i++) {
      if (i == axis) {
        for (int j = 0; j < indices.rank(); j++) {
          flow.axis(0, out++, new AxisFlow.Gather(0, axis), new AxisFlow.Identity(1, j));
        }
      } else {
        flow.axis(0, out++, new AxisFlow.Identity(0, i));
      }
    }
  }

  private static void gatherNd(Site site) {
    Shape data = site.shape(0);
    Shape indices = site.shape(1);
    if (data == null || indices == null || !(indices.dim(-1) instanceof Dim.Fixed(long width))) {
      site.put(0, site.type(0), null);
      return;
    }
    int batch = (int) site.integer("batch_dims", 0);
    List<Dim> dims = new ArrayList<>(indices.dims().subList(0, indices.rank() - 1));
    dims.addAll(data.dims().subList(batch + (int) width, data.rank()));
    site.put(0, site.type(0), new Shape(dims));
  }

  private static void oneHot(Site site) {
    Shape indices = site.shape(0);
    if (indices == null) {
      site.put(0, site.type(2), null);
      return;
    }
    List<Dim> dims = new ArrayList<>(indices.dims());
    int axis = ShapingOperators.axis(site.integer("axis", -1), indices.rank() + 1);
    Content depth = site.content(1);
    dims.add(axis, site.length(0, axis, depth == null ? null : depth.get(0)));
    site.put(0, site.type(2), new Shape(dims));
  }

  private static void eyeLike(Site site) {
    DataType given = DataType.find((int) site.integer("dtype", 0));
    site.put(0, given == null ? site.type(0) : given, site.shape(0));
  }

  private static void nonZero(Site site) {
    Shape input = site.shape(0);
    // ONNX counts a scalar as one axis here.
    Dim rank = input == null ? site.fresh(0, 0) : Dim.of(input.rank());
    site.put(0, DataType.INT64, Shape.of(rank, site.fresh(0, 1)));
  }

  private static void compress(Site site) {
    Shape input = site.shape(0);
    if (!site.node().attributes().containsKey("axis")) {
      site.put(0, site.type(0), Shape.of(site.fresh(0, 0)));
    } else if (input != null) {
      int axis = ShapingOperators.axis(site.integer("axis", 0), input.rank());
      List<Dim> dims = new ArrayList<>(input.dims());
      dims.set(axis, site.fresh(0, axis));
      site.put(0, site.type(0), new Shape(dims));
    } else {
      site.put(0, site.type(0), null);
    }
  }

  private static void topK(Site site) {
    Shape input = site.shape(0);
    Shape output = null;
    if (input != null) {
      int axis = ShapingOperators.axis(site.integer("axis", -1), input.rank());
      List<Dim> dims = new ArrayList<>(input.dims());
      Content k = site.content(1);
      long attribute = site.integer("k", -1);
      dims.set(
          axis,
          attribute >= 0 ? Dim.of(attribute) : site.length(0, axis, k == null ? null : k.get(0)));
      output = new Shape(dims);
    }
    site.put(0, site.type(0), output);
    site.put(1, DataType.INT64, output);
  }

  private static void unique(Site site) {
    Shape input = site.shape(0);
    Dim count = site.fresh(0, "count");
    Shape output = Shape.of(count);
    Dim length = input == null ? site.fresh(2, 0) : input.size();
    if (site.node().attributes().containsKey("axis")) {
      if (input == null) {
        site.put(0, site.type(0), null);
        return;
      }
      int axis = ShapingOperators.axis(site.integer("axis", 0), input.rank());
      List<Dim> dims = new ArrayList<>(input.dims());
      length = dims.set(axis, count);
      output = new Shape(dims);
    }
    site.put(0, site.type(0), output);
    site.put(1, DataType.INT64, Shape.of(count));
    site.put(2, DataType.INT64, Shape.of(length));
    site.put(3, DataType.INT64, Shape.of(count));
  }
}
