package dev.hasten.graph;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Axis flows of operators that pick, place and resample. */
final class PickingFlows {
  private PickingFlows() {}

  private static int axis(Costs.Shaped node, long otherwise, int rank) {
    return ShapingOperators.axis(node.integer("axis", otherwise), rank);
  }

  /** Along the axis picked from the data; across it the indices cover the data's beginning. */
  static void gatherElements(Costs.Shaped node, Operator.Flow flow) {
    Shape data = node.input(0);
    Shape indices = node.input(1);
    int axis = axis(node, 0, data.rank());
    for (int i = 0; i < indices.rank(); i++) {
      AxisFlow.Source picked =
          i == axis
              ? new AxisFlow.Gather(0, i)
              : data.dim(i).equals(indices.dim(i))
                  ? new AxisFlow.Identity(0, i)
                  : new AxisFlow.SplitSegment(0, i, Dim.ZERO);
      flow.axis(0, i, picked, new AxisFlow.Identity(1, i));
    }
  }

  static void gatherNd(Costs.Shaped node, Operator.Flow flow) {
    Shape data = node.input(0);
    Shape indices = node.input(1);
    int batch = (int) node.integer("batch_dims", 0);
    int out = 0;
    for (int i = 0; i < indices.rank() - 1; i++) {
      if (i < batch) {
        flow.axis(0, out++, new AxisFlow.Identity(0, i), new AxisFlow.Identity(1, i));
      } else {
        flow.axis(0, out++, new AxisFlow.Identity(1, i));
      }
    }
    for (int i = data.rank() - (node.output(0).rank() - out); i < data.rank(); i++) {
      flow.axis(0, out++, new AxisFlow.Identity(0, i));
    }
  }

  /** The updates lie beside the data in all axes but the one that they are placed along. */
  static void scatterElements(Costs.Shaped node, Operator.Flow flow) {
    Shape data = node.input(0);
    boolean slices = node.node().is("TensorScatter");
    int updates = slices ? 1 : 2;
    int axis = axis(node, slices ? -2 : 0, data.rank());
    Shape update = node.input(updates);
    for (int i = 0; i < data.rank(); i++) {
      if (i == axis) {
        flow.axis(0, i, new AxisFlow.Identity(0, i), new AxisFlow.Gather(updates, i));
      } else if (data.dim(i).equals(update.dim(i))) {
        flow.axis(0, i, new AxisFlow.Identity(0, i), new AxisFlow.Identity(updates, i));
      }
    }
  }

  /** The axes behind those that the indices name are whole in data and updates. */
  static void scatterNd(Costs.Shaped node, Operator.Flow flow) {
    Shape data = node.input(0);
    Shape update = node.input(2);
    if (!(node.input(1).dim(-1) instanceof Dim.Fixed(long named))) {
      return;
    }
    for (int i = (int) named; i < data.rank(); i++) {
      int beside = i - data.rank() + update.rank();
      flow.axis(0, i, new AxisFlow.Identity(0, i), new AxisFlow.Identity(2, beside));
    }
  }

  static void oneHot(Costs.Shaped node, Operator.Flow flow) {
    int rank = node.output(0).rank();
    int axis = axis(node, -1, rank);
    int in = 0;
    for (int i = 0; i < rank; i++) {
      if (i == axis) {
        flow.axis(0, i);
      } else {
        flow.axis(0, i, new AxisFlow.Identity(0, in++));
      }
    }
  }

  static void topK(Costs.Shaped node, Operator.Flow flow) {
    int rank = node.input(0).rank();
    int axis = axis(node, -1, rank);
    for (int output = 0; output < node.node().outputs().size(); output++) {
      for (int i = 0; i < rank; i++) {
        flow.axis(output, i, i == axis ? new AxisFlow.Gather(0, i) : new AxisFlow.Identity(0, i));
      }
    }
  }

  static void compress(Costs.Shaped node, Operator.Flow flow) {
    if (node.node().attribute("axis") == null) {
      return;
    }
    int rank = node.input(0).rank();
    int axis = axis(node, 0, rank);
    for (int i = 0; i < rank; i++) {
      flow.axis(0, i, i == axis ? new AxisFlow.Gather(0, i) : new AxisFlow.Identity(0, i));
    }
  }

  static void cumulative(Costs.Shaped node, Operator.Flow flow) {
    @Nullable List<Dim> given = node.content(1);
    if (given == null || given.size() != 1) {
      throw new Costs.Unknown("axis");
    }
    int rank = node.input(0).rank();
    int axis = ShapingOperators.axis(given.getFirst().value().orElseThrow(), rank);
    Flows.mixing(node, flow, i -> i == axis);
  }

  /** Nearest neighbours are picked, others mixed; what keeps its length is taken as it is. */
  static void resampled(Costs.Shaped node, Operator.Flow flow) {
    Shape in = node.input(0);
    Shape out = node.output(0);
    boolean nearest = node.node().stringAttribute("mode", "nearest").equals("nearest");
    for (int i = 0; i < in.rank(); i++) {
      // Cropping keeps no place even where it keeps the length.
      boolean crops =
          node.node()
              .stringAttribute("coordinate_transformation_mode", "")
              .equals("tf_crop_and_resize");
      flow.axis(
          0,
          i,
          in.dim(i).equals(out.dim(i)) && !crops
              ? new AxisFlow.Identity(0, i)
              : nearest ? new AxisFlow.Gather(0, i) : new AxisFlow.Mix(0, i));
    }
  }

  /** Regions [count, …] of images: channels stay. */
  static void regions(Costs.Shaped node, Operator.Flow flow) {
    flow.axis(0, 0, new AxisFlow.Identity(1, 0));
    flow.axis(0, 1, new AxisFlow.Identity(0, 1));
  }

  /** An image by a grid of places: batch and channels stay, the rest is as the grid lies. */
  static void sampled(Costs.Shaped node, Operator.Flow flow) {
    List<AxisFlow.Source> batch = new ArrayList<>();
    batch.add(new AxisFlow.Identity(0, 0));
    batch.add(new AxisFlow.Identity(1, 0));
    flow.axis(0, 0, batch);
    flow.axis(0, 1, new AxisFlow.Identity(0, 1));
    for (int i = 2; i < node.output(0).rank(); i++) {
      flow.axis(0, i, new AxisFlow.Identity(1, i - 1));
    }
  }
}
