package dev.hasten.graph;

import static dev.hasten.graph.OpFacts.Kind.CONTROL;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Operators with bodies. */
final class ControlOperators {
  private ControlOperators() {}

  static void addTo(Map<String, Operator> table) {
    table.put(
        "If",
        Operator.of(CONTROL, ControlOperators::branches)
            .flops("the costlier branch", BodyCosts::branches));
    table.put(
        "Loop",
        Operator.of(CONTROL, ControlOperators::loop).flops("body × iterations", BodyCosts::loop));
    table.put(
        "Scan",
        Operator.of(CONTROL, ControlOperators::scan).flops("body × steps", BodyCosts::scan));
  }

  private static @Nullable Graph body(Site site, String attribute) {
    return site.node().attribute(attribute) instanceof Attribute.GraphAttr(Graph graph)
        ? graph
        : null;
  }

  /** What both branches agree on; where the condition is known, what that branch gives. */
  private static void branches(Site site) {
    Graph yes = body(site, "then_branch");
    Graph no = body(site, "else_branch");
    if (yes == null || no == null) {
      return;
    }
    long[] condition = site.numbers(0);
    boolean told = condition != null && condition.length == 1;
    boolean first = condition != null && told && condition[0] != 0;
    // What contradicts in a branch that never runs is of no concern.
    List<Fact> a = told && !first ? site.tryBody(yes, List.of()) : site.body(yes, List.of());
    List<Fact> b = told && first ? site.tryBody(no, List.of()) : site.body(no, List.of());
    for (int i = 0; i < site.outputCount() && i < a.size() && i < b.size(); i++) {
      site.put(i, told ? (first ? a : b).get(i) : join(site, i, a.get(i), b.get(i)));
    }
  }

  /** What holds of a value that is one of two; lengths that differ become one of their own. */
  static Fact join(Site site, int output, Fact a, Fact b) {
    return join(a, b, axis -> site.fresh(output, axis));
  }

  private interface Lengths {
    Dim at(int axis);
  }

  private static Fact join(Fact a, Fact b, Lengths fresh) {
    if (a.form() != b.form()) {
      return Fact.NOTHING;
    }
    DataType type = a.type() == b.type() ? a.type() : null;
    Shape left = a.shape();
    Shape right = b.shape();
    if (left == null || right == null || left.rank() != right.rank()) {
      return new Fact(type, null, null, a.form());
    }
    List<Dim> dims = new ArrayList<>();
    for (int i = 0; i < left.rank(); i++) {
      dims.add(left.dim(i).equals(right.dim(i)) ? left.dim(i) : fresh.at(i));
    }
    return new Fact(type, new Shape(dims), joined(a.content(), b.content()), a.form());
  }

  private static @Nullable Content joined(@Nullable Content a, @Nullable Content b) {
    if (a == null || b == null || a.size() != b.size()) {
      return null;
    }
    List<@Nullable Dim> out = new ArrayList<>();
    for (int i = 0; i < a.size(); i++) {
      Dim left = a.get(i);
      out.add(left != null && left.equals(b.get(i)) ? left : null);
    }
    return Content.of(out);
  }

  /**
   * Carried values start as given and are what the body makes of them: what holds of both is found
   * by trying, from the start's shape on, until the body keeps it. What each iteration emits is
   * stacked on a new first axis.
   */
  private static void loop(Site site) {
    Graph body = body(site, "body");
    if (body == null) {
      return;
    }
    int carried = Math.max(0, site.inputCount() - 2);
    List<Fact> start = new ArrayList<>();
    for (int i = 0; i < carried; i++) {
      Fact given = site.input(i + 2);
      start.add(new Fact(given.type(), given.shape(), null, given.form()));
    }
    List<Fact> state = start;
    for (int attempt = 0; attempt < 3; attempt++) {
      List<Fact> inputs = inputs(state);
      List<Fact> outputs = site.tryBody(body, inputs);
      List<Fact> next = new ArrayList<>();
      for (int i = 0; i < carried && i + 1 < outputs.size(); i++) {
        int index = i;
        Fact both =
            join(state.get(i), outputs.get(i + 1), axis -> site.fresh(index, "each" + axis));
        next.add(new Fact(both.type(), both.shape(), null, both.form()));
      }
      if (next.equals(state)) {
        break;
      }
      state = attempt < 1 ? next : next.stream().map(f -> f.withShape(null)).toList();
    }
    List<Fact> outputs = site.body(body, inputs(state));
    Dim count = iterations(site, outputs);
    for (int i = 0; i < site.outputCount() && i + 1 < outputs.size(); i++) {
      Fact out = outputs.get(i + 1);
      if (i < carried) {
        Fact both = join(site, i, start.get(i), out);
        DataType type = out.type() != null ? out.type() : start.get(i).type();
        site.put(i, new Fact(type, both.shape(), null, out.form()));
      } else {
        site.put(i, out.type(), stacked(count == null ? site.fresh(i, 0) : count, out.shape()));
      }
    }
  }

  private static List<Fact> inputs(List<Fact> state) {
    List<Fact> inputs = new ArrayList<>();
    inputs.add(new Fact(DataType.INT64, Shape.SCALAR, null));
    inputs.add(new Fact(DataType.BOOL, Shape.SCALAR, null));
    inputs.addAll(state);
    return inputs;
  }

  /** How often the body runs, if nothing but the count can end the loop. */
  private static @Nullable Dim iterations(Site site, List<Fact> outputs) {
    List<Dim> trips = site.known(0);
    Content again = outputs.isEmpty() ? null : outputs.getFirst().content();
    boolean endless = again != null && again.size() == 1 && isTrue(again.get(0));
    Content first = site.content(1);
    boolean begins = !site.has(1) || (first != null && first.size() == 1 && isTrue(first.get(0)));
    return trips != null && trips.size() == 1 && endless && begins
        ? trips.getFirst().max(Dim.ZERO)
        : null;
  }

  private static boolean isTrue(@Nullable Dim truth) {
    return truth != null && truth.is(1);
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

  /**
   * States keep their shape; the others lose their scan axis inside and get it back outside. Before
   * opset 9 a batch axis comes first, and the lengths of the sequences as the first input.
   */
  private static void scan(Site site) {
    Graph body = body(site, "body");
    int scanned = (int) site.integer("num_scan_inputs", 0);
    if (body == null) {
      return;
    }
    int batch = site.opset() < 9 ? 1 : 0;
    int states = site.inputCount() - batch - scanned;
    List<Fact> inputs = new ArrayList<>();
    Dim length = null;
    Dim rows = null;
    for (int i = 0; i < site.inputCount() - batch; i++) {
      Shape shape = site.shape(i + batch);
      if (shape != null) {
        List<Dim> dims = new ArrayList<>(shape.dims());
        if (batch > 0) {
          rows = dims.removeFirst();
        }
        if (i >= states) {
          length = dims.remove(axis(site, "scan_input_axes", i - states, dims.size()));
        }
        shape = new Shape(dims);
      }
      inputs.add(new Fact(site.type(i + batch), shape, null));
    }
    List<Fact> outputs = site.body(body, inputs);
    for (int i = 0; i < site.outputCount() && i < outputs.size(); i++) {
      Fact out = outputs.get(i);
      Shape shape = out.shape();
      if (shape != null) {
        List<Dim> dims = new ArrayList<>(shape.dims());
        if (i >= states) {
          int axis = axis(site, "scan_output_axes", i - states, shape.rank() + 1);
          dims.add(axis, length == null ? site.fresh(i, axis) : length);
        }
        if (batch > 0) {
          dims.addFirst(rows == null ? site.fresh(i, "batch") : rows);
        }
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
