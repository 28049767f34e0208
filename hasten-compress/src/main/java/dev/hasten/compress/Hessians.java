package dev.hasten.compress;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * Second moments {@code XᵀX} of the activations that matrix products read, over the calibration
 * data. The runtime itself multiplies, batch by batch, so what is kept is one matrix per value,
 * however much data there is; and of these only so many at a time as fit {@link #BYTES}. Products
 * are visited in the order of the graph: the later ones see what earlier edits did.
 */
final class Hessians {
  private static final long BYTES = 512L << 20;

  private final Model model;
  private final Context context;
  private final String technique;

  Hessians(Model model, Context context, String technique) {
    this.model = model;
    this.context = context;
    this.technique = technique;
  }

  /** The sum over all examples; {@code width × width}. */
  static final class Hessian {
    private final double[] sum;
    private final int width;

    Hessian(int width) {
      this.width = width;
      this.sum = new double[Math.multiplyExact(width, width)];
    }

    Hessian plus(float[] product) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += product[i];
      }
      return this;
    }

    double[] copy() {
      return sum.clone();
    }

    /** Why it says nothing about the activations, if so. */
    Optional<String> problem() {
      double trace = 0;
      for (int k = 0; k < width; k++) {
        trace += sum[k * width + k];
      }
      return trace == 0
          ? Optional.of("its activations are all zero on the calibration data")
          : Double.isFinite(trace)
              ? Optional.empty()
              : Optional.of("its activations are not finite on the calibration data");
    }
  }

  /** What reads one value. */
  private record Group(Value value, List<Node> readers) {
    int width() {
      return Math.toIntExact(Targets.constant(readers.getFirst().input(1)).dim(0));
    }

    long bytes() {
      return (long) width() * width() * (Double.BYTES + Float.BYTES);
    }
  }

  /**
   * Visits the nodes, those that read the same value together.
   *
   * @throws dev.hasten.runtime.BadInputException if there is no calibration data
   */
  void forEach(List<Node> products, BiConsumer<List<Node>, Hessian> visitor) {
    Map<Value, Group> groups = new LinkedHashMap<>();
    for (Node node : products) {
      groups
          .computeIfAbsent(node.input(0), value -> new Group(value, new ArrayList<>()))
          .readers
          .add(node);
    }
    List<Group> together = new ArrayList<>();
    long bytes = 0;
    for (Group group : groups.values()) {
      if (!together.isEmpty() && bytes + group.bytes() > BYTES) {
        visit(together, visitor);
        together.clear();
        bytes = 0;
      }
      together.add(group);
      bytes += group.bytes();
    }
    visit(together, visitor);
  }

  private void visit(List<Group> groups, BiConsumer<List<Node>, Hessian> visitor) {
    Model shown = model.copy();
    Map<String, Hessian> sums = new LinkedHashMap<>();
    for (Group group : groups) {
      String name = addProduct(shown.graph(), group.value().name(), group.width());
      sums.put(name, new Hessian(group.width()));
    }
    List<String> names = List.copyOf(sums.keySet());
    Calibration.observe(
        shown,
        names,
        context,
        technique,
        (name, matrix) -> sums.computeIfPresent(name, (key, sum) -> sum.plus(matrix.toFloats())));
    List<Hessian> hessians = List.copyOf(sums.values());
    for (int i = 0; i < groups.size(); i++) {
      visitor.accept(groups.get(i).readers(), hessians.get(i));
    }
  }

  /** Adds {@code XᵀX} of a value to the graph; its name. */
  private static String addProduct(Graph graph, String name, int width) {
    Value shape = graph.addInitializer(name + "_rows", Tensor.longs(new long[] {-1, width}, 2));
    Value rows = graph.op(name + "_flat", "Reshape", List.of(graph.value(name), shape), Map.of());
    return graph
        .op(name + "_hessian", "Gemm", List.of(rows, rows), Map.of("transA", new Attribute.Int(1)))
        .name();
  }
}
