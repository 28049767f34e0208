package dev.hasten.graph;

import static dev.hasten.graph.OpFacts.Kind.GATHER;
import static dev.hasten.graph.OpFacts.Kind.RESHAPE;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Operators that query, make and change shapes while the elements stay in order. */
final class ShapingOperators {
  private ShapingOperators() {}

  static void addTo(Map<String, Operator> table) {
    table.put("Shape", Operator.of(RESHAPE, ShapingOperators::shape).flow(Operator.Flow::fresh));
    table.put("Size", Operator.of(RESHAPE, ShapingOperators::size));
    table.put(
        "Constant", Operator.of(RESHAPE, ShapingOperators::constant).flow(Operator.Flow::fresh));
    table.put("Reshape", Operator.of(RESHAPE, ShapingOperators::reshape).flow(Flows::regrouped));
    table.put("Flatten", Operator.of(RESHAPE, ShapingOperators::flatten).flow(Flows::regrouped));
    table.put("Squeeze", Operator.of(RESHAPE, ShapingOperators::squeeze).flow(Flows::regrouped));
    table.put(
        "Unsqueeze", Operator.of(RESHAPE, ShapingOperators::unsqueeze).flow(Flows::regrouped));
    table.put("Expand", Operator.of(GATHER, ShapingOperators::expand).flow(Operator.Flow::first));
    table.put(
        "ConstantOfShape",
        Operator.of(GATHER, ShapingOperators::constantOfShape).flow(Operator.Flow::fresh));
    table.put("Range", Operator.of(GATHER, ShapingOperators::range).flow(Operator.Flow::fresh));
  }

  /** An axis given by number, from the end where negative. */
  static int axis(long axis, int rank) {
    if (axis < -rank || axis >= Math.max(rank, 1)) {
      throw new IndexOutOfBoundsException("axis " + axis + " (expected: within rank " + rank + ")");
    }
    return (int) (axis < 0 ? axis + rank : axis);
  }

  private static void shape(Site site) {
    Shape input = site.shape(0);
    if (input == null) {
      site.put(0, DataType.INT64, Shape.of(site.fresh(0, 0)));
      return;
    }
    int rank = input.rank();
    int start = clamp(site.integer("start", 0), rank);
    int end = clamp(site.integer("end", rank), rank);
    List<Dim> dims = input.dims().subList(start, Math.max(start, end));
    site.put(0, DataType.INT64, Shape.of(dims.size()), Content.of(dims));
  }

  private static int clamp(long position, int rank) {
    return (int) Math.clamp(position < 0 ? position + rank : position, 0, rank);
  }

  private static void size(Site site) {
    Shape input = site.shape(0);
    site.put(0, DataType.INT64, Shape.SCALAR, input == null ? null : Content.of(input.size()));
  }

  private static void constant(Site site) {
    Tensor tensor = site.node().output().constant();
    if (tensor != null) {
      site.put(0, tensor.type(), Types.shape(tensor), Content.of(tensor));
    }
  }

  private static void reshape(Site site) {
    Shape input = site.shape(0);
    long[] attribute = site.integers("shape");
    Content target =
        attribute == null
            ? site.content(1)
            : Content.of(java.util.Arrays.stream(attribute).mapToObj(Dim::of).toList());
    if (target == null) {
      Shape shape = site.shape(1);
      if (shape != null && shape.rank() == 1 && shape.dim(0) instanceof Dim.Fixed(long rank)) {
        site.put(0, site.type(0), site.freshShape(0, (int) Math.min(rank, 64)));
      } else {
        site.put(0, site.type(0), null);
      }
      return;
    }
    boolean zeroCopies = site.integer("allowzero", 0) == 0;
    List<@Nullable Dim> dims = new ArrayList<>();
    int inferred = -1;
    for (int i = 0; i < target.size(); i++) {
      Dim dim = target.get(i);
      if (dim != null && dim.is(-1)) {
        inferred = i;
        dims.add(null);
      } else if (dim != null && dim.is(0) && zeroCopies) {
        dims.add(input == null ? null : input.dim(i));
      } else {
        dims.add(dim);
      }
    }
    if (inferred >= 0 && input != null) {
      dims.set(inferred, remaining(input, dims, inferred));
    }
    List<Dim> out = new ArrayList<>();
    for (int i = 0; i < dims.size(); i++) {
      out.add(site.length(0, i, dims.get(i)));
    }
    Shape shape = new Shape(out);
    check(site, input, shape);
    site.put(0, site.type(0), shape, site.content(0));
  }

  /** What is left for the axis marked −1; null if another axis is not known. */
  private static @Nullable Dim remaining(Shape input, List<@Nullable Dim> dims, int inferred) {
    Dim others = Dim.ONE;
    for (int i = 0; i < dims.size(); i++) {
      Dim dim = dims.get(i);
      if (i != inferred) {
        if (dim == null) {
          return null;
        }
        others = others.times(dim);
      }
    }
    return others.is(0) ? null : input.size().floorDiv(others);
  }

  private static void check(Site site, @Nullable Shape input, Shape output) {
    if (input == null) {
      return;
    }
    Dim before = input.size();
    Dim after = output.size();
    if (before.isFixed() && after.isFixed() && !before.equals(after)) {
      site.contradict("reshapes " + input + " to " + output + ", which has another size");
    }
  }

  private static void flatten(Site site) {
    Shape input = site.shape(0);
    if (input == null) {
      site.put(0, site.type(0), site.freshShape(0, 2));
      return;
    }
    long axis = site.integer("axis", 1);
    int at = (int) (axis < 0 ? axis + input.rank() : axis);
    Dim outer = new Shape(input.dims().subList(0, at)).size();
    Dim inner = new Shape(input.dims().subList(at, input.rank())).size();
    site.put(0, site.type(0), Shape.of(outer, inner));
  }

  private static void squeeze(Site site) {
    Shape input = site.shape(0);
    long[] axes = site.integers("axes", 1);
    if (input == null || (axes == null && site.has(1))) {
      site.put(0, site.type(0), null);
      return;
    }
    List<Dim> dims = new ArrayList<>();
    if (axes == null) {
      for (Dim dim : input.dims()) {
        if (!dim.is(1)) {
          if (!dim.isFixed()) {
            // It might be 1 at run time: not even the rank is known.
            site.put(0, site.type(0), null);
            return;
          }
          dims.add(dim);
        }
      }
    } else {
      TreeSet<Integer> removed = new TreeSet<>();
      for (long axis : axes) {
        removed.add(axis(axis, input.rank()));
      }
      for (int i = 0; i < input.rank(); i++) {
        if (!removed.contains(i)) {
          dims.add(input.dim(i));
        } else if (input.dim(i).isFixed() && !input.dim(i).is(1)) {
          site.contradict("squeezes axis " + i + " of " + input + ", which is not 1 long");
        }
      }
    }
    site.put(0, site.type(0), new Shape(dims), site.content(0));
  }

  private static void unsqueeze(Site site) {
    Shape input = site.shape(0);
    long[] axes = site.integers("axes", 1);
    if (input == null || axes == null) {
      site.put(0, site.type(0), null);
      return;
    }
    int rank = input.rank() + axes.length;
    TreeSet<Integer> added = new TreeSet<>();
    for (long axis : axes) {
      added.add(axis(axis, rank));
    }
    List<Dim> dims = new ArrayList<>();
    int next = 0;
    for (int i = 0; i < rank; i++) {
      dims.add(added.contains(i) ? Dim.ONE : input.dim(next++));
    }
    site.put(0, site.type(0), new Shape(dims), site.content(0));
  }

  private static void expand(Site site) {
    Content target = site.content(1);
    if (target == null) {
      Shape length = site.shape(1);
      Shape input = site.shape(0);
      boolean known = length != null && length.rank() == 1 && length.dim(0).isFixed();
      if (known && length != null && input != null) {
        int rank = (int) Math.clamp(length.dim(0).value().orElse(0), 0, 64);
        site.put(0, site.type(0), site.broadcast(input, site.freshShape(0, rank)));
      } else {
        site.put(0, site.type(0), null);
      }
      return;
    }
    List<Dim> dims = new ArrayList<>();
    for (int i = 0; i < target.size(); i++) {
      dims.add(site.length(0, i, target.get(i)));
    }
    Shape shape = site.broadcast(site.shape(0), new Shape(dims));
    Content content = site.content(0);
    site.put(0, site.type(0), shape, shape == null ? null : repeated(content, shape));
  }

  /** A single element, as often as the shape says. */
  private static @Nullable Content repeated(@Nullable Content content, Shape shape) {
    if (content == null
        || content.size() != 1
        || !(shape.size() instanceof Dim.Fixed(long size))
        || size > Content.MAX_SIZE) {
      return null;
    }
    List<@Nullable Dim> out = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      out.add(content.get(0));
    }
    return Content.of(out);
  }

  private static void constantOfShape(Site site) {
    Tensor value = site.node().tensorAttribute("value");
    DataType type = value == null ? DataType.FLOAT : value.type();
    Content target = site.content(0);
    if (target == null) {
      Shape length = site.shape(0);
      boolean known = length != null && length.rank() == 1 && length.dim(0).isFixed();
      long rank = known && length != null ? length.dim(0).value().orElse(0) : -1;
      site.put(0, type, rank < 0 ? null : site.freshShape(0, rank));
      return;
    }
    List<Dim> dims = new ArrayList<>();
    for (int i = 0; i < target.size(); i++) {
      dims.add(site.length(0, i, target.get(i)));
    }
    Shape shape = new Shape(dims);
    Content element = value == null ? Content.of(Dim.ZERO) : Content.of(value);
    site.put(0, type, shape, repeated(element, shape));
  }

  /** Length: max(0, ceil((limit − start) / step)). */
  private static void range(Site site) {
    List<Dim> start = site.known(0);
    List<Dim> limit = site.known(1);
    List<Dim> step = site.known(2);
    DataType type = site.type(0);
    if (start == null || limit == null || step == null || step.getFirst().is(0)) {
      Dim length = floatRange(site);
      site.put(0, type, Shape.of(length == null ? site.fresh(0, 0) : length));
      return;
    }
    Dim span = limit.getFirst().minus(start.getFirst());
    Dim length = span.ceilDiv(step.getFirst()).max(Dim.ZERO);
    Content content = null;
    if (length instanceof Dim.Fixed(long size) && size <= Content.MAX_SIZE) {
      List<Dim> elements = new ArrayList<>();
      for (long i = 0; i < size; i++) {
        elements.add(start.getFirst().plus(step.getFirst().times(i)));
      }
      content = Content.of(elements);
    }
    site.put(0, type, Shape.of(length), content);
  }

  private static @Nullable Dim floatRange(Site site) {
    Tensor start = site.constant(0);
    Tensor limit = site.constant(1);
    Tensor step = site.constant(2);
    if (start == null || limit == null || step == null) {
      return null;
    }
    double length = Math.ceil((limit.toDoubles()[0] - start.toDoubles()[0]) / step.toDoubles()[0]);
    return Double.isFinite(length) ? Dim.of((long) Math.max(0, length)) : null;
  }
}
