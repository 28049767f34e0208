package dev.hasten.graph;

import static dev.hasten.graph.OpFacts.Kind.GATHER;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Operators that join, cut, repeat and reorder axes as a whole. */
final class MovingOperators {
  private MovingOperators() {}

  static void addTo(Map<String, Operator> table) {
    table.put(
        "Transpose",
        Operator.of(GATHER, MovingOperators::transpose).flow(MovingOperators::permuted));
    table.put("Concat", Operator.of(GATHER, MovingOperators::concat).flow(MovingOperators::joined));
    table.put("Split", Operator.of(GATHER, MovingOperators::split).flow(MovingOperators::parted));
    table.put("Slice", Operator.of(GATHER, MovingOperators::slice).flow(MovingOperators::resized));
    table.put("Pad", Operator.of(GATHER, MovingOperators::pad).flow(MovingOperators::resized));
    table.put("Tile", Operator.of(GATHER, MovingOperators::tile).flow(MovingOperators::resized));
    table.put("DepthToSpace", Operator.of(GATHER, site -> blocks(site, true)));
    table.put("SpaceToDepth", Operator.of(GATHER, site -> blocks(site, false)));
    table.put(
        "Trilu", Operator.of(GATHER, ElementwiseOperators::same).flow(MovingOperators::triangle));
    table.put(
        "ReverseSequence",
        Operator.of(GATHER, ElementwiseOperators::same).flow(MovingOperators::resized));
    table.put("CenterCropPad", Operator.of(GATHER, MovingOperators::centerCropPad));
  }

  static List<Integer> permutation(Node node, int rank) {
    List<Long> perm = node.intsAttribute("perm");
    List<Integer> out = new ArrayList<>();
    for (int i = 0; i < rank; i++) {
      out.add(
          perm == null || perm.isEmpty() ? rank - 1 - i : ShapingOperators.axis(perm.get(i), rank));
    }
    return out;
  }

  private static void transpose(Site site) {
    Shape input = site.shape(0);
    List<Long> perm = site.node().intsAttribute("perm");
    if (input == null) {
      site.put(0, site.type(0), perm == null ? null : site.freshShape(0, perm.size()));
      return;
    }
    List<Dim> dims = permutation(site.node(), input.rank()).stream().map(input::dim).toList();
    site.put(0, site.type(0), new Shape(dims), input.rank() <= 1 ? site.content(0) : null);
  }

  private static void permuted(Costs.Shaped node, Operator.Flow flow) {
    List<Integer> perm = permutation(node.node(), node.input(0).rank());
    for (int i = 0; i < perm.size(); i++) {
      flow.axis(0, i, new AxisFlow.Identity(0, perm.get(i)));
    }
  }

  private static void concat(Site site) {
    @Nullable Shape joined = site.shape(0);
    List<@Nullable Dim> elements = new ArrayList<>();
    boolean known = true;
    for (int i = 0; i < site.inputCount(); i++) {
      Shape shape = site.shape(i);
      Content content = site.content(i);
      if (content != null) {
        elements.addAll(content.toList());
      } else if (shape != null
          && shape.rank() == 1
          && shape.dim(0) instanceof Dim.Fixed(long size)
          && size <= Content.MAX_SIZE) {
        elements.addAll(Collections.nCopies((int) size, null));
      } else {
        known = false;
      }
      if (elements.size() > Content.MAX_SIZE) {
        known = false;
        elements.clear();
      }
      if (i > 0) {
        joined = joined == null || shape == null ? null : joined(site, joined, shape);
      }
    }
    boolean vector = joined != null && joined.rank() == 1 && known;
    boolean whole = site.type(0) != null && site.type(0).isInteger();
    site.put(0, site.type(0), joined, vector && whole ? Content.of(elements) : null);
  }

  static @Nullable Shape joined(Site site, Shape a, Shape b) {
    if (a.rank() != b.rank()) {
      site.contradict("joins shapes " + a + " and " + b + " of different rank");
      return null;
    }
    int axis = ShapingOperators.axis(site.integer("axis", 1), a.rank());
    List<Dim> dims = new ArrayList<>();
    for (int i = 0; i < a.rank(); i++) {
      Dim dim = i == axis ? a.dim(i).plus(b.dim(i)) : Broadcasting.same(a.dim(i), b.dim(i));
      if (dim == null) {
        site.contradict("joins shapes " + a + " and " + b + ", which differ in axis " + i);
        return null;
      }
      dims.add(dim);
    }
    return new Shape(dims);
  }

  private static void joined(Costs.Shaped node, Operator.Flow flow) {
    Shape output = node.output(0);
    int axis = ShapingOperators.axis(node.integer("axis", 1), output.rank());
    for (int i = 0; i < output.rank(); i++) {
      List<AxisFlow.Source> sources = new ArrayList<>();
      Dim offset = Dim.ZERO;
      for (int input = 0; input < node.inputCount(); input++) {
        sources.add(
            i == axis
                ? new AxisFlow.ConcatSegment(input, i, offset)
                : new AxisFlow.Identity(input, i));
        offset = offset.plus(node.input(input).dim(axis));
      }
      flow.axis(0, i, sources);
    }
  }

  private static void split(Site site) {
    Shape input = site.shape(0);
    int count = site.outputCount();
    if (input == null) {
      for (int i = 0; i < count; i++) {
        site.put(i, site.type(0), null);
      }
      return;
    }
    int axis = ShapingOperators.axis(site.integer("axis", 0), input.rank());
    long[] attribute = site.integers("split");
    Content given =
        attribute != null
            ? Content.of(java.util.Arrays.stream(attribute).mapToObj(Dim::of).toList())
            : site.content(1);
    boolean even = attribute == null && !site.has(1);
    Dim length = input.dim(axis);
    Dim chunk = length.ceilDiv(Dim.of(count));
    int offset = 0;
    for (int i = 0; i < count; i++) {
      Dim part =
          even
              ? (i < count - 1 ? chunk : length.minus(chunk.times(count - 1)))
              : given == null || i >= given.size() ? null : given.get(i);
      List<Dim> dims = new ArrayList<>(input.dims());
      dims.set(axis, part == null ? site.fresh(i, axis) : part);
      Content content = null;
      if (site.content(0) instanceof Content all
          && part instanceof Dim.Fixed(long size)
          && input.rank() == 1) {
        content = Content.of(all.toList().subList(offset, offset + (int) size));
        offset += (int) size;
      }
      site.put(i, site.type(0), new Shape(dims), content);
    }
  }

  private static void parted(Costs.Shaped node, Operator.Flow flow) {
    Shape input = node.input(0);
    int axis = ShapingOperators.axis(node.integer("axis", 0), input.rank());
    Dim offset = Dim.ZERO;
    for (int output = 0; output < node.node().outputs().size(); output++) {
      for (int i = 0; i < input.rank(); i++) {
        flow.axis(
            output,
            i,
            i == axis ? new AxisFlow.SplitSegment(0, i, offset) : new AxisFlow.Identity(0, i));
      }
      offset = offset.plus(node.output(output).dim(axis));
    }
  }

  /** What is kept depends on where it stands along the last two axes, so these are not told. */
  private static void triangle(Costs.Shaped node, Operator.Flow flow) {
    for (int i = 0; i < node.input(0).rank() - 2; i++) {
      flow.axis(0, i, new AxisFlow.Identity(0, i));
    }
  }

  /** Axes of unchanged length stay; the others are picked from. */
  private static void resized(Costs.Shaped node, Operator.Flow flow) {
    Shape input = node.input(0);
    Shape output = node.output(0);
    boolean slices = node.node().is("Slice") || node.node().is("ReverseSequence");
    for (int i = 0; i < output.rank() && i < input.rank(); i++) {
      // A slice may reverse an axis and keep its length, so equal length alone proves nothing
      // unless the axis is not among those it names; it is told as picked from.
      boolean same = !slices && input.dim(i).equals(output.dim(i));
      flow.axis(0, i, same ? new AxisFlow.Identity(0, i) : new AxisFlow.Gather(0, i));
    }
  }

  private static void slice(Site site) {
    Shape input = site.shape(0);
    if (input == null) {
      site.put(0, site.type(0), null);
      return;
    }
    Content starts = contents(site, "starts", 1);
    Content ends = contents(site, "ends", 2);
    long[] axes = site.opset() < 10 ? site.integers("axes") : site.numbers(3);
    if (starts == null || ends == null || (axes == null && site.has(3))) {
      site.put(0, site.type(0), site.freshShape(0, input.rank()));
      return;
    }
    long[] steps = site.has(4) ? site.numbers(4) : null;
    List<Dim> dims = new ArrayList<>(input.dims());
    Content content = site.content(0);
    for (int i = 0; i < starts.size(); i++) {
      int axis = ShapingOperators.axis(axes == null ? i : axes[i], input.rank());
      Dim start = starts.get(i);
      Dim end = ends.get(i);
      Dim length = input.dim(axis);
      boolean stepKnown = steps != null || !site.has(4);
      long step = steps == null ? 1 : steps[i];
      Dim cut =
          start == null || end == null || !stepKnown
              ? null
              : Slices.length(length, start, end, step);
      dims.set(axis, cut == null ? site.fresh(0, axis) : cut);
      if (content != null) {
        content =
            input.rank() == 1 && cut != null && start != null
                ? Slices.content(content, start, end, step)
                : null;
      }
    }
    site.put(0, site.type(0), new Shape(dims), content);
  }

  private static @Nullable Content contents(Site site, String attribute, int input) {
    long[] fixed = site.integers(attribute);
    return fixed == null
        ? site.content(input)
        : Content.of(java.util.Arrays.stream(fixed).mapToObj(Dim::of).toList());
  }

  private static void pad(Site site) {
    Shape input = site.shape(0);
    Content pads = contents(site, "pads", 1);
    if (input == null) {
      site.put(0, site.type(0), null);
      return;
    }
    long[] axes = site.numbers(3);
    if (pads == null || (axes == null && site.has(3))) {
      site.put(0, site.type(0), site.freshShape(0, input.rank()));
      return;
    }
    List<Dim> dims = new ArrayList<>(input.dims());
    int count = pads.size() / 2;
    for (int i = 0; i < count; i++) {
      int axis = ShapingOperators.axis(axes == null ? i : axes[i], input.rank());
      Dim before = pads.get(i);
      Dim after = pads.get(i + count);
      dims.set(
          axis,
          before == null || after == null
              ? site.fresh(0, axis)
              : input.dim(axis).plus(before).plus(after));
    }
    site.put(0, site.type(0), new Shape(dims));
  }

  private static void tile(Site site) {
    Shape input = site.shape(0);
    Content repeats = site.content(1);
    if (input == null) {
      site.put(0, site.type(0), null);
      return;
    }
    List<Dim> dims = new ArrayList<>();
    for (int i = 0; i < input.rank(); i++) {
      Dim repeat = repeats == null || i >= repeats.size() ? null : repeats.get(i);
      dims.add(repeat == null ? site.fresh(0, i) : input.dim(i).times(repeat));
    }
    site.put(0, site.type(0), new Shape(dims));
  }

  private static void blocks(Site site, boolean toSpace) {
    Shape in = site.shape(0);
    long block = site.integer("blocksize", 1);
    if (in == null || in.rank() != 4) {
      site.put(0, site.type(0), in == null ? null : site.freshShape(0, in.rank()));
      return;
    }
    Dim channels = in.dim(1);
    site.put(
        0,
        site.type(0),
        toSpace
            ? Shape.of(
                in.dim(0),
                channels.floorDiv(block * block),
                in.dim(2).times(block),
                in.dim(3).times(block))
            : Shape.of(
                in.dim(0),
                channels.times(block * block),
                in.dim(2).floorDiv(block),
                in.dim(3).floorDiv(block)));
  }

  private static void centerCropPad(Site site) {
    Shape input = site.shape(0);
    Content target = site.content(1);
    if (input == null) {
      site.put(0, site.type(0), null);
      return;
    }
    long[] axes = site.integers("axes");
    List<Dim> dims = new ArrayList<>(input.dims());
    int count = axes == null ? input.rank() : axes.length;
    for (int i = 0; i < count; i++) {
      int axis = ShapingOperators.axis(axes == null ? i : axes[i], input.rank());
      dims.set(axis, site.length(0, axis, target == null ? null : target.get(i)));
    }
    site.put(0, site.type(0), new Shape(dims));
  }
}
