package dev.hasten.graph;

import static dev.hasten.graph.OpFacts.Kind.CONTROL;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Operators with bodies, and those of sequences. */
final class ControlOperators {
  private ControlOperators() {}

  static void addTo(Map<String, Operator> table) {
    table.put("If", Operator.of(CONTROL, ControlOperators::branches));
    table.put("Loop", Operator.of(CONTROL, ControlOperators::loop));
    table.put("Scan", Operator.of(CONTROL, ControlOperators::scan));
    table.put(
        "SequenceLength", Operator.of(CONTROL, site -> site.put(0, DataType.INT64, Shape.SCALAR)));
    table.put(
        "OptionalHasElement",
        Operator.of(CONTROL, site -> site.put(0, DataType.BOOL, Shape.SCALAR)));
  }

  private static @Nullable Graph body(Site site, String attribute) {
    return site.node().attribute(attribute) instanceof Attribute.GraphAttr(Graph graph)
        ? graph
        : null;
  }

  /** What both branches agree on. */
  private static void branches(Site site) {
    Graph yes = body(site, "then_branch");
    Graph no = body(site, "else_branch");
    if (yes == null || no == null) {
      return;
    }
    List<Fact> a = site.body(yes, List.of());
    List<Fact> b = site.body(no, List.of());
    for (int i = 0; i < site.outputCount() && i < a.size() && i < b.size(); i++) {
      DataType type = a.get(i).type() == b.get(i).type() ? a.get(i).type() : null;
      site.put(i, type, common(site, i, a.get(i).shape(), b.get(i).shape()));
    }
  }

  private static @Nullable Shape common(
      Site site, int output, @Nullable Shape a, @Nullable Shape b) {
    if (a == null || b == null || a.rank() != b.rank()) {
      return null;
    }
    List<Dim> dims = new ArrayList<>();
    for (int i = 0; i < a.rank(); i++) {
      dims.add(a.dim(i).equals(b.dim(i)) ? a.dim(i) : site.fresh(output, i));
    }
    return new Shape(dims);
  }

  /**
   * Carried values may change shape from one iteration to the next, so of those only type and rank
   * that the body declares are taken; what each iteration emits is stacked on a new first axis.
   */
  private static void loop(Site site) {
    Graph body = body(site, "body");
    if (body == null) {
      return;
    }
    List<Fact> inputs = new ArrayList<>();
    inputs.add(new Fact(DataType.INT64, Shape.SCALAR, null));
    inputs.add(new Fact(DataType.BOOL, Shape.SCALAR, null));
    int carried = Math.max(0, site.inputCount() - 2);
    for (int i = 0; i < carried; i++) {
      Value formal = body.inputs().get(i + 2);
      inputs.add(new Fact(site.type(i + 2), formal.shape(), null));
    }
    List<Fact> outputs = site.body(body, inputs);
    for (int i = 0; i < site.outputCount() && i + 1 < outputs.size(); i++) {
      Fact out = outputs.get(i + 1);
      if (i < carried) {
        Shape start = site.shape(i + 2);
        site.put(i, out.type(), common(site, i, start, out.shape()));
      } else {
        site.put(i, out.type(), stacked(site.fresh(i, 0), out.shape()));
      }
    }
  }

  private static @Nullable Shape stacked(Dim count, @Nullable Shape element) {
    if (element == null) {
      return null;
    }
    List<Dim> dims = new ArrayList<>();
    dims.add(count);
    dims.addAll(element.dims());
    return new Shape(dims);
  }

  /** States keep their shape; the others lose their scan axis inside and get it back outside. */
  private static void scan(Site site) {
    Graph body = body(site, "body");
    int scanned = (int) site.integer("num_scan_inputs", 0);
    if (body == null || site.opset() < 9) {
      return;
    }
    int states = site.inputCount() - scanned;
    List<Fact> inputs = new ArrayList<>();
    Dim length = null;
    for (int i = 0; i < site.inputCount(); i++) {
      Shape shape = site.shape(i);
      if (i >= states && shape != null) {
        int axis = axis(site, "scan_input_axes", i - states, shape.rank());
        List<Dim> dims = new ArrayList<>(shape.dims());
        length = dims.remove(axis);
        shape = new Shape(dims);
      }
      inputs.add(new Fact(site.type(i), shape, null));
    }
    List<Fact> outputs = site.body(body, inputs);
    for (int i = 0; i < site.outputCount() && i < outputs.size(); i++) {
      Fact out = outputs.get(i);
      Shape shape = out.shape();
      if (i >= states && shape != null) {
        List<Dim> dims = new ArrayList<>(shape.dims());
        int axis = axis(site, "scan_output_axes", i - states, shape.rank() + 1);
        dims.add(axis, length == null ? site.fresh(i, axis) : length);
        shape = new Shape(dims);
      }
      site.put(i, out.type(), shape);
    }
  }

  private static int axis(Site site, String attribute, int index, int rank) {
    long[] axes = site.integers(attribute);
    return axes == null ? 0 : ShapingOperators.axis(axes[index], rank);
  }
}
