package dev.hasten.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The edits behind the stars of {@link OpsetChanges}. */
final class OpsetEdits {
  private static final Map<String, Edit> EDITS = new HashMap<>();

  /** One edit; returns the node that now stands for the old one. */
  @FunctionalInterface
  interface Edit {
    Node apply(Node node, Shapes shapes);
  }

  static {
    put("BatchNormalization", 9, OpsetEdits::dropSpatial);
    put("BatchNormalization", 14, OpsetEdits::refuseTraining);
    put("Clip", 11, OpsetEdits::clipLimits);
    put("DFT", 20, OpsetEdits::dftAxis);
    put("Dropout", 10, OpsetEdits::maskAsNumbers);
    put("Dropout", 12, OpsetEdits::dropoutRatio);
    put("GridSample", 20, OpsetEdits::gridModes);
    put("GroupNormalization", 21, OpsetEdits::groupScales);
    put("Pad", 11, OpsetEdits::padAmounts);
    put("ReduceSum", 13, (node, _) -> toInput(node, "axes", 1));
    for (String name : "L1 L2 LogSum LogSumExp Max Mean Min Prod SumSquare".split(" ")) {
      put("Reduce" + name, 18, (node, _) -> toInput(node, "axes", 1));
    }
    put("Squeeze", 13, (node, _) -> toInput(node, "axes", 1));
    put("Unsqueeze", 13, (node, _) -> toInput(node, "axes", 1));
    put("Split", 13, (node, _) -> toInput(node, "split", 1));
    put("Split", 18, OpsetEdits::splitCount);
    put("TopK", 10, (node, _) -> scalarToInput(node, "k", 1));
    put("Slice", 10, OpsetEdits::slice);
    put("Softmax", 13, SoftmaxEdit::apply);
    put("LogSoftmax", 13, SoftmaxEdit::apply);
    put("Hardmax", 13, SoftmaxEdit::apply);
    put("RoiAlign", 16, OpsetEdits::roiAlign);
    put("Scatter", 11, (node, _) -> renamed(node, "ScatterElements"));
    put("Upsample", 9, OpsetEdits::upsampleScales);
    put("Upsample", 10, (node, _) -> renamed(node, "Resize"));
    put("Resize", 11, OpsetEdits::resize11);
    put("Resize", 13, OpsetEdits::resize13);
  }

  /** A declared number alone is no reason to allocate. */
  private static final long MAX_CHANNELS = 1 << 20;

  private OpsetEdits() {}

  private static void put(String opType, long version, Edit edit) {
    EDITS.put(opType + " " + version, edit);
  }

  /** The edit of an operator for a version; null if there is none, so the node is refused. */
  static @Nullable Edit find(String opType, long version) {
    return EDITS.get(opType + " " + version);
  }

  static ModelException refuse(Node node, String reason) {
    return new ModelException(
        node
            + ": cannot be raised to a newer opset: "
            + reason
            + ". Export the model again at a"
            + " newer opset, or leave it at its own");
  }

  /** Moves a list of integers from an attribute to an input. */
  private static Node toInput(Node node, String attribute, int input) {
    List<Long> list = node.intsAttribute(attribute);
    if (list != null) {
      long[] values = list.stream().mapToLong(Long::longValue).toArray();
      setConstant(node, input, attribute, Tensor.longs(values, values.length));
      node.graph().removeAttribute(node, attribute);
    }
    return node;
  }

  private static Node scalarToInput(Node node, String attribute, int input) {
    Tensor value = Tensor.longs(new long[] {node.intAttribute(attribute, 0)}, 1);
    setConstant(node, input, attribute, value);
    node.graph().removeAttribute(node, attribute);
    return node;
  }

  private static void setConstant(Node node, int input, String what, Tensor value) {
    String base = node.outputs().getFirst().name() + "_" + what;
    node.graph().setInput(node, input, node.graph().addInitializer(base, value));
  }

  /** A node in the place of another: same inputs, attributes and outputs, another operator. */
  static Node renamed(Node node, String opType) {
    Graph graph = node.graph();
    List<String> names = new ArrayList<>();
    node.outputs().forEach(output -> names.add(output.isOmitted() ? "" : output.name()));
    Node by = graph.add(node.domain(), opType, node.inputs(), node.attributes(), names);
    replace(node, by);
    return by;
  }

  static void replace(Node node, Node by) {
    Graph graph = node.graph();
    for (int i = 0; i < node.outputs().size(); i++) {
      Value old = node.outputs().get(i);
      if (old.isUsed()) {
        graph.replaceUses(old, by.outputs().get(i));
      }
    }
    graph.remove(node);
  }

  /** The type that the limits of an operator must have: its first input's. */
  private static DataType elementType(Node node, Shapes shapes) {
    DataType type = shapes.type(node.input(0));
    if (type == null) {
      throw refuse(node, "the type of its input is not known");
    }
    return type;
  }

  private static Tensor scalar(DataType type, double value, Node node) {
    return switch (type) {
      case FLOAT -> Tensor.scalar((float) value);
      case DOUBLE -> Tensor.doubles(new double[] {value});
      case FLOAT16 -> {
        short bits = Float.floatToFloat16((float) value);
        yield Tensor.bytes(type, new byte[] {(byte) bits, (byte) (bits >> 8)});
      }
      case INT64 -> Tensor.scalar((long) value);
      case INT32 -> Tensor.ints(new int[] {(int) value});
      default -> throw refuse(node, "a constant of type " + type + " would be needed");
    };
  }

  private static Node dropSpatial(Node node, Shapes shapes) {
    if (node.intAttribute("spatial", 1) == 0) {
      throw refuse(node, "statistics per position (spatial = 0) ended with opset 9");
    }
    node.graph().removeAttribute(node, "spatial");
    return node;
  }

  /** Opset 14 has other outputs than the first only in training. */
  private static Node refuseTraining(Node node, Shapes shapes) {
    List<Value> outputs = node.outputs();
    for (int i = 1; i < outputs.size(); i++) {
      if (outputs.get(i).isUsed()) {
        throw refuse(node, "it is in training mode (output " + i + " is used)");
      }
    }
    if (outputs.size() == 1) {
      return node;
    }
    Graph graph = node.graph();
    Node by =
        graph.add(
            "", node.opType(), node.inputs(), node.attributes(), List.of(node.output().name()));
    graph.replaceUses(node.output(), by.output());
    graph.remove(node);
    return by;
  }

  private static Node clipLimits(Node node, Shapes shapes) {
    int input = 1;
    for (String limit : List.of("min", "max")) {
      if (node.attribute(limit) != null) {
        float value = node.floatAttribute(limit, 0);
        setConstant(node, input, limit, scalar(elementType(node, shapes), value, node));
        node.graph().removeAttribute(node, limit);
      }
      input++;
    }
    return node;
  }

  private static Node dftAxis(Node node, Shapes shapes) {
    setConstant(node, 2, "axis", Tensor.scalar(node.intAttribute("axis", 1)));
    node.graph().removeAttribute(node, "axis");
    return node;
  }

  /** Opset 10 turned the mask from numbers to truth values. */
  private static Node maskAsNumbers(Node node, Shapes shapes) {
    if (node.outputs().size() < 2 || !node.output(1).isUsed()) {
      return node;
    }
    Graph graph = node.graph();
    Value mask = node.output(1);
    if (mask.isOutput()) {
      throw refuse(node, "its mask is an output, which changed its type in opset 10");
    }
    DataType type = elementType(node, shapes);
    Value numbers =
        graph.op(
            mask.name() + "_as_numbers",
            "Cast",
            List.of(mask),
            Map.of("to", Attribute.of((long) type.onnx())));
    graph.replaceUses(mask, numbers, use -> use.node() != numbers.producer());
    graph.setType(mask, DataType.BOOL, shapes.shape(node.input(0)));
    return node;
  }

  /** Before opset 12 a runtime never drops anything; afterwards only without training_mode. */
  private static Node dropoutRatio(Node node, Shapes shapes) {
    if (node.attribute("ratio") != null) {
      setConstant(node, 1, "ratio", Tensor.scalar(node.floatAttribute("ratio", 0.5f)));
      node.graph().removeAttribute(node, "ratio");
    }
    return node;
  }

  private static Node gridModes(Node node, Shapes shapes) {
    String mode = node.stringAttribute("mode", "bilinear");
    String now =
        switch (mode) {
          case "bilinear" -> "linear";
          case "bicubic" -> "cubic";
          default -> mode;
        };
    node.graph().setAttribute(node, "mode", Attribute.of(now));
    return node;
  }

  /** Scale and bias per group become scale and bias per channel. */
  private static Node groupScales(Node node, Shapes shapes) {
    Shape input = shapes.shape(node.input(0));
    long groups = Math.max(1, node.intAttribute("num_groups", 1));
    if (input == null || !(input.dim(1) instanceof Dim.Fixed(long channels))) {
      throw refuse(node, "the number of channels is not known");
    }
    for (int i = 1; i <= 2; i++) {
      Tensor perGroup = node.input(i).constant();
      if (perGroup == null || perGroup.type() != DataType.FLOAT) {
        throw refuse(node, "input " + i + " is not a constant of type float");
      }
      if (perGroup.size() != groups || channels % groups != 0 || channels > MAX_CHANNELS) {
        throw refuse(
            node,
            "input %d has %d elements, for %d groups of %d channels"
                .formatted(i, perGroup.size(), groups, channels));
      }
      float[] from = perGroup.toFloats();
      float[] to = new float[(int) channels];
      for (int c = 0; c < to.length; c++) {
        to[c] = from[(int) (c / (channels / groups))];
      }
      setConstant(node, i, i == 1 ? "scale" : "bias", Tensor.floats(to, channels));
    }
    return node;
  }

  private static Node padAmounts(Node node, Shapes shapes) {
    float value = node.floatAttribute("value", 0);
    toInput(node, "pads", 1);
    if (value != 0) {
      setConstant(node, 2, "value", scalar(elementType(node, shapes), value, node));
    }
    node.graph().removeAttribute(node, "value");
    return node;
  }

  private static Node splitCount(Node node, Shapes shapes) {
    if (node.inputOrNull(1) == null) {
      node.graph().setAttribute(node, "num_outputs", Attribute.of((long) node.outputs().size()));
    }
    return node;
  }

  private static Node slice(Node node, Shapes shapes) {
    toInput(node, "starts", 1);
    toInput(node, "ends", 2);
    return toInput(node, "axes", 3);
  }

  private static Node roiAlign(Node node, Shapes shapes) {
    if (node.attribute("coordinate_transformation_mode") == null) {
      node.graph()
          .setAttribute(node, "coordinate_transformation_mode", Attribute.of("output_half_pixel"));
    }
    return node;
  }

  private static Node upsampleScales(Node node, Shapes shapes) {
    List<Float> scales = node.floatsAttribute("scales", List.of());
    float[] values = new float[scales.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = scales.get(i);
    }
    setConstant(node, 1, "scales", Tensor.floats(values, values.length));
    node.graph().removeAttribute(node, "scales");
    return node;
  }

  /** Opset 10 knew one way to map coordinates, and had no region of interest. */
  private static Node resize11(Node node, Shapes shapes) {
    Graph graph = node.graph();
    Value scales = node.input(1);
    String base = node.output().name() + "_roi";
    graph.setInput(node, 1, graph.addInitializer(base, Tensor.floats(new float[0], 0)));
    graph.setInput(node, 2, scales);
    Map<String, Attribute> added = new LinkedHashMap<>();
    added.put("coordinate_transformation_mode", Attribute.of("asymmetric"));
    if (node.stringAttribute("mode", "nearest").equals("nearest")) {
      added.put("nearest_mode", Attribute.of("floor"));
    }
    added.forEach((key, value) -> graph.setAttribute(node, key, value));
    return node;
  }

  private static Node resize13(Node node, Shapes shapes) {
    String mode = node.stringAttribute("coordinate_transformation_mode", "half_pixel");
    if (mode.equals("tf_half_pixel_for_nn")) {
      throw refuse(node, "coordinates by " + mode + " ended with opset 13");
    }
    return node;
  }
}
