package dev.hasten.compress;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Node;
import dev.hasten.graph.Shape;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Use;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The way from a layer's output to all layers that read it, through operators that let a positive
 * factor per channel pass: {@code f(s·x) = s·f(x)}. What adds or bounds takes the factor itself.
 */
final class Bridge {
  /** Let a positive factor pass, whatever the channels' axis is. */
  private static final Set<String> ELEMENTWISE =
      Set.of("Relu", "LeakyRelu", "PRelu", "Identity", "Dropout");

  /** Work within each channel of {@code [N,C,…]}. */
  private static final Set<String> SPATIAL =
      Set.of("MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool");

  private static final Set<String> WITH_CONSTANT = Set.of("Add", "Min", "Max");

  /**
   * A layer that reads the channels.
   *
   * @param repeat how many of its input channels each channel became (by flattening)
   */
  private record Reader(Layer layer, int repeat) {}

  /** Where the channels lie. */
  private enum Layout {
    /** {@code [N,C,…]}. */
    IMAGE,
    /** {@code […,C]}. */
    ROWS,
    /** {@code [N,C·P]}: the positions of each channel side by side, their number unknown. */
    FLAT
  }

  /** The constant operand of an Add, Min or Max. */
  private record Operand(Node node, int input, Layout layout) {}

  private record Bound(Node clip, Layout layout) {}

  /** Why there is no way. */
  private static final class Blocked extends Exception {
    private static final long serialVersionUID = 1;

    Blocked(String reason) {
      super(reason);
    }

    String reason() {
      return String.valueOf(getMessage());
    }
  }

  private final Graph graph;
  private final Layer from;
  private final List<Reader> to = new ArrayList<>();
  private final List<Operand> operands = new ArrayList<>();
  private final List<Bound> clips = new ArrayList<>();
  private final double[] total;

  private Bridge(Graph graph, Layer from) {
    this.graph = graph;
    this.from = from;
    this.total = new double[from.outputs()];
    java.util.Arrays.fill(total, 1);
  }

  /** The bridge from this layer, or null with a refusal. */
  static @Nullable Bridge from(
      Layer layer, Map<Node, Layer> layers, boolean clips, Evidence evidence) {
    Graph graph = layer.node().graph();
    Bridge bridge = new Bridge(graph, layer);
    try {
      Layout layout = layer.image() ? Layout.IMAGE : Layout.ROWS;
      bridge.follow(layer.node().output(), layout, layers, clips);
      return bridge;
    } catch (Blocked e) {
      evidence.refuse(layer.node(), e.reason());
      return null;
    }
  }

  private void follow(Value value, Layout layout, Map<Node, Layer> layers, boolean convertClips)
      throws Blocked {
    if (value.isOutput()) {
      throw new Blocked("'%s' is an output of the model".formatted(value.name()));
    }
    for (Use use : value.users()) {
      Node reader = use.node();
      Layer layer = layers.get(reader);
      if (layer != null && use.input() == 0) {
        arrive(layer, layout);
      } else {
        follow(reader.output(), pass(use, layout, convertClips), layers, convertClips);
      }
    }
  }

  private void arrive(Layer layer, Layout layout) throws Blocked {
    int repeat = layout == Layout.FLAT ? layer.inputs() / from.outputs() : 1;
    if (layer.image() != (layout == Layout.IMAGE) || repeat * from.outputs() != layer.inputs()) {
      throw new Blocked("its channels are not those of " + layer.node());
    }
    to.add(new Reader(layer, repeat));
  }

  /** Walks through a node; where the channels lie behind it. */
  private Layout pass(Use use, Layout layout, boolean convertClips) throws Blocked {
    Node node = use.node();
    boolean known =
        node.graph() == graph
            && node.domain().isEmpty()
            && node.outputs().stream().skip(1).noneMatch(Value::isUsed);
    String op = known ? node.opType() : "";
    boolean first = use.input() == 0;
    if (first && (ELEMENTWISE.contains(op) || layout == Layout.IMAGE && SPATIAL.contains(op))) {
      return layout;
    }
    if (WITH_CONSTANT.contains(op) && node.inputs().size() == 2) {
      int other = 1 - use.input();
      if (perChannel(node.input(other), layout) != null) {
        operands.add(new Operand(node, other, layout));
        return layout;
      }
    }
    if (first && op.equals("Clip") && layout != Layout.FLAT && boundsAreConstant(node)) {
      if (!convertClips) {
        throw new Blocked("bounded by %s; 'clips: true' bounds each channel".formatted(node));
      }
      clips.add(new Bound(node, layout));
      return layout;
    }
    if (first && layout == Layout.IMAGE) {
      Layout flat = flattened(node, op);
      if (flat != Layout.IMAGE) {
        return flat;
      }
    }
    if (op.equals("BatchNormalization")) {
      throw new Blocked("read by %s; put 'simplify' before, which folds it".formatted(node));
    }
    Value value = java.util.Objects.requireNonNull(node.inputOrNull(use.input()));
    throw new Blocked(
        "'%s' is read by %s, which does not let a factor per channel pass"
            .formatted(value.name(), node));
  }

  private static boolean boundsAreConstant(Node clip) {
    return clip.inputs().stream()
        .skip(1)
        .allMatch(bound -> bound == null || bound.constant() != null);
  }

  /** What becomes of {@code [N,C,…]}. */
  private Layout flattened(Node node, String op) {
    List<Long> spatial = new ArrayList<>();
    List<Long> fromEnd = new ArrayList<>();
    for (long axis = 2; axis < from.rank(); axis++) {
      spatial.add(axis);
      fromEnd.add(axis - from.rank());
    }
    boolean allPositions = axes(node).equals(spatial) || axes(node).equals(fromEnd);
    boolean flat =
        switch (op) {
          case "Flatten" -> node.intAttribute("axis", 1) == 1;
          case "Reshape" -> keepsBatch(node);
          default -> false;
        };
    boolean rows =
        switch (op) {
          case "ReduceMean", "ReduceMax", "ReduceSum" ->
              allPositions && node.intAttribute("keepdims", 1) == 0;
          case "Squeeze" -> allPositions;
          default -> false;
        };
    return flat ? Layout.FLAT : rows ? Layout.ROWS : Layout.IMAGE;
  }

  /** Whether the target is {@code [0, …]} of two axes: a zero copies the batch's size. */
  private static boolean keepsBatch(Node reshape) {
    Tensor shape = reshape.input(1).constant();
    return shape != null
        && shape.size() == 2
        && shape.toLongs()[0] == 0
        && reshape.intAttribute("allowzero", 0) == 0;
  }

  /** An attribute in older opsets, an input in newer ones; empty where not constant. */
  private static List<Long> axes(Node node) {
    Value given = node.inputOrNull(1);
    Tensor axes = given == null ? null : given.constant();
    return axes == null
        ? node.intsAttribute("axes", List.of())
        : java.util.Arrays.stream(axes.toLongs()).boxed().sorted().toList();
  }

  /** One number per channel, or the same for all; null if the operand is not that. */
  private double @Nullable [] perChannel(Value operand, Layout layout) {
    Tensor tensor = operand.constant();
    int channels = from.outputs();
    boolean image = layout == Layout.IMAGE;
    int rank = image ? from.rank() : 1;
    if (layout == Layout.FLAT || tensor == null || tensor.type() != DataType.FLOAT) {
      return null;
    }
    double[] values = new double[channels];
    if (tensor.size() == 1 && tensor.rank() <= rank) {
      java.util.Arrays.fill(values, tensor.toDoubles()[0]);
      return values;
    }
    int axis = tensor.rank() - (image ? rank - 1 : 1);
    boolean fits =
        tensor.size() == channels
            && axis >= 0
            && tensor.rank() <= Math.max(rank, 2)
            && tensor.dim(axis) == channels;
    return fits ? tensor.toDoubles() : null;
  }

  /**
   * Makes both ends of each channel equally large: {@code s = √(r₁ / r₂)}, the layer divided by it,
   * its readers multiplied.
   *
   * @return the largest factor applied, as the absolute value of its logarithm
   */
  double balance(double dead) {
    double[] out = from.outputRanges();
    double[] in = readerRanges();
    double leastOut = dead * max(out);
    double leastIn = dead * max(in);
    double[] shrink = new double[out.length];
    double worst = 0;
    for (int c = 0; c < out.length; c++) {
      boolean alive = out[c] > leastOut && in[c] > leastIn;
      shrink[c] = alive ? Math.sqrt(in[c] / out[c]) : 1;
      worst = Math.max(worst, Math.abs(Math.log(shrink[c])));
      total[c] *= shrink[c];
    }
    if (worst > 0) {
      from.scaleOutputs(shrink);
      to.forEach(reader -> reader.layer.scaleInputs(spread(shrink, reader.repeat)));
    }
    return worst;
  }

  private double[] readerRanges() {
    double[] ranges = new double[from.outputs()];
    for (Reader reader : to) {
      double[] own = reader.layer.inputRanges();
      for (int k = 0; k < own.length; k++) {
        ranges[k / reader.repeat] = Math.max(ranges[k / reader.repeat], own[k]);
      }
    }
    return ranges;
  }

  private static double[] spread(double[] shrink, int repeat) {
    double[] grow = new double[shrink.length * repeat];
    for (int k = 0; k < grow.length; k++) {
      grow[k] = 1 / shrink[k / repeat];
    }
    return grow;
  }

  private static double max(double[] values) {
    return java.util.Arrays.stream(values).max().orElse(0);
  }

  /** The largest factor applied so far, as the absolute value of its logarithm. */
  double largest() {
    return java.util.Arrays.stream(total).map(s -> Math.abs(Math.log(s))).max().orElse(0);
  }

  Layer from() {
    return from;
  }

  List<Layer> readers() {
    return to.stream().map(Reader::layer).toList();
  }

  boolean hasReaders() {
    return !to.isEmpty();
  }

  /** Gives what adds or bounds in between its factors. */
  void store() {
    for (Operand operand : operands) {
      Value before = operand.node.input(operand.input);
      double[] values = perChannel(before, operand.layout);
      if (values == null) {
        throw new IllegalStateException("'" + before.name() + "' has changed");
      }
      graph.setInput(operand.node, operand.input, constant(before.name(), values, operand.layout));
    }
    clips.forEach(this::convert);
  }

  private Value constant(String name, double[] values, Layout layout) {
    float[] scaled = new float[values.length];
    for (int c = 0; c < scaled.length; c++) {
      scaled[c] = (float) (values[c] * total[c]);
    }
    long[] dims = new long[layout == Layout.IMAGE ? from.rank() - 1 : 1];
    java.util.Arrays.fill(dims, 1);
    dims[0] = scaled.length;
    return graph.addInitializer(name, Tensor.floats(scaled, dims));
  }

  /**
   * {@code Clip(x, low, high)} becomes {@code Min(Max(x, low·s), high·s)}, a Relu where low is 0.
   */
  private void convert(Bound bound) {
    Node clip = bound.clip;
    String name = clip.output().name();
    Value x = clip.input(0);
    Map<String, Double> bounds = bounds(clip);
    Double low = bounds.get("min");
    Double high = bounds.get("max");
    if (low != null) {
      x =
          low == 0
              ? graph.op(name + "_relu", "Relu", List.of(x), Map.of())
              : graph.op(
                  name + "_max", "Max", List.of(x, filled(name + "_low", low, bound)), Map.of());
    }
    if (high != null) {
      x = graph.op(name + "_min", "Min", List.of(x, filled(name + "_high", high, bound)), Map.of());
    }
    Shape shape = clip.output().shape();
    if (clip.output().type() != null && x != clip.input(0)) {
      graph.setType(x, DataType.FLOAT, shape);
    }
    graph.replaceUses(clip.output(), x);
    graph.remove(clip);
  }

  private Value filled(String name, double value, Bound bound) {
    double[] values = new double[from.outputs()];
    java.util.Arrays.fill(values, value);
    return constant(name, values, bound.layout);
  }

  /** Attributes in older opsets, inputs in newer ones; a bound that is absent or endless: none. */
  private static Map<String, Double> bounds(Node clip) {
    Map<String, Double> bounds = new LinkedHashMap<>();
    List<String> names = List.of("min", "max");
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      Value given = clip.inputOrNull(i + 1);
      if (given != null) {
        bounds.put(name, Targets.constant(given).toDoubles()[0]);
      } else if (clip.attribute(name) instanceof Attribute.Real(float value)
          && Math.abs(value) < Float.MAX_VALUE) {
        bounds.put(name, (double) value);
      }
    }
    return bounds;
  }
}
