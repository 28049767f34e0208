package dev.hasten.graph;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How the changes that {@link OpsetChanges} stars are undone, where that is exact. */
final class LoweringEdits {
  private static final Map<String, Edit> EDITS = new HashMap<>();

  /** One edit, in place. */
  @FunctionalInterface
  interface Edit {
    void apply(Node node, Shapes shapes, OpsetLowering lowering);
  }

  static {
    for (String name : "L1 L2 LogSum LogSumExp Max Mean Min Prod SumSquare".split(" ")) {
      put("Reduce" + name, 18, (node, _, to) -> toAttribute(node, 1, "axes", to));
    }
    put("ReduceSum", 13, (node, _, to) -> toAttribute(node, 1, "axes", to));
    put("Squeeze", 13, (node, _, to) -> toAttribute(node, 1, "axes", to));
    put("Unsqueeze", 13, (node, _, to) -> toAttribute(node, 1, "axes", to));
    put("Split", 13, (node, _, to) -> toAttribute(node, 1, "split", to));
    put("Split", 18, LoweringEdits::evenSplit);
    put("Softmax", 13, LoweringEdits::lastAxis);
    put("LogSoftmax", 13, LoweringEdits::lastAxis);
    put("Hardmax", 13, LoweringEdits::lastAxis);
    put("Clip", 11, LoweringEdits::clipLimits);
    put("Dropout", 12, LoweringEdits::dropoutRatio);
    put("BatchNormalization", 14, LoweringEdits::oneOutput);
    put("BatchNormalization", 9, (_, _, _) -> {});
    put("GridSample", 20, LoweringEdits::gridModes);
    put("DFT", 20, LoweringEdits::dftAxis);
    put("RoiAlign", 16, LoweringEdits::halfPixel);
    put("Resize", 13, LoweringEdits::resizeInputs);
  }

  private LoweringEdits() {}

  private static void put(String opType, long version, Edit edit) {
    EDITS.put(opType + " " + version, edit);
  }

  static @Nullable Edit find(String opType, long version) {
    return EDITS.get(opType + " " + version);
  }

  /** An input must be constant to become an attribute. */
  private static @Nullable Tensor constant(Node node, int input, OpsetLowering to) {
    Value value = node.inputOrNull(input);
    if (value == null) {
      return null;
    }
    Tensor constant = value.constant();
    if (constant == null) {
      throw to.refuse(node, "input " + input + " is not constant, and was an attribute before");
    }
    return constant;
  }

  /** Omits an input; the initializer behind it goes with its last use. */
  private static void drop(Node node, int input) {
    Value value = node.inputOrNull(input);
    node.graph().setInput(node, input, null);
    if (value != null && value.initializer() != null && !value.isUsed() && !value.isInput()) {
      value.graph().remove(value);
    }
  }

  private static void toAttribute(Node node, int input, String name, OpsetLowering to) {
    Tensor values = constant(node, input, to);
    if (values == null) {
      return;
    }
    drop(node, input);
    long[] numbers = values.toLongs();
    if (numbers.length > 0) {
      node.graph().setAttribute(node, name, Attribute.ints(numbers));
    } else if (node.intAttribute("noop_with_empty_axes", 0) != 0) {
      throw to.refuse(node, "it reduces no axis at all");
    }
  }

  /** A count of outputs may leave a shorter last one; without it all are equal. */
  private static void evenSplit(Node node, Shapes shapes, OpsetLowering to) {
    long count = node.intAttribute("num_outputs", 0);
    if (count == 0) {
      return;
    }
    Shape shape = shapes.shape(node.input(0));
    Dim length =
        shape == null
            ? null
            : shape.dim(ShapingOperators.axis(node.intAttribute("axis", 0), shape.rank()));
    if (length == null || !length.mod(Dim.of(count)).is(0)) {
      throw to.refuse(node, "whether " + count + " divides " + length + " is not known");
    }
    node.graph().removeAttribute(node, "num_outputs");
  }

  private static void lastAxis(Node node, Shapes shapes, OpsetLowering to) {
    long axis = node.intAttribute("axis", -1);
    Shape shape = shapes.shape(node.input(0));
    if (axis != -1 && (shape == null || axis != shape.rank() - 1)) {
      throw to.refuse(node, "axis " + axis + " is not the last");
    }
    if (axis == -1 && shape == null) {
      throw to.refuse(node, "the rank of its input is not known");
    }
    long last = shape == null ? axis : shape.rank() - 1;
    node.graph().setAttribute(node, "axis", Attribute.of(last));
  }

  private static void clipLimits(Node node, Shapes shapes, OpsetLowering to) {
    int input = 2;
    for (String limit : new String[] {"max", "min"}) {
      Tensor value = constant(node, input, to);
      if (value != null) {
        drop(node, input);
        node.graph().setAttribute(node, limit, Attribute.of((float) value.toDoubles()[0]));
      }
      input--;
    }
  }

  private static void dropoutRatio(Node node, Shapes shapes, OpsetLowering to) {
    Tensor training = constant(node, 2, to);
    if (training != null && training.toLongs()[0] != 0) {
      throw to.refuse(node, "it is in training mode");
    }
    drop(node, 2);
    Tensor ratio = constant(node, 1, to);
    if (ratio != null) {
      drop(node, 1);
      node.graph().setAttribute(node, "ratio", Attribute.of((float) ratio.toDoubles()[0]));
    }
  }

  private static void oneOutput(Node node, Shapes shapes, OpsetLowering to) {
    if (node.outputs().size() > 1) {
      throw to.refuse(node, "it is in training mode");
    }
  }

  private static void gridModes(Node node, Shapes shapes, OpsetLowering to) {
    Shape input = shapes.shape(node.input(0));
    if (input == null || input.rank() != 4) {
      throw to.refuse(node, "only images of rank 4 could be sampled before opset 20");
    }
    String mode = node.stringAttribute("mode", "linear");
    String before =
        switch (mode) {
          case "linear" -> "bilinear";
          case "cubic" -> "bicubic";
          default -> mode;
        };
    node.graph().setAttribute(node, "mode", Attribute.of(before));
  }

  private static void dftAxis(Node node, Shapes shapes, OpsetLowering to) {
    Tensor axis = constant(node, 2, to);
    Shape input = shapes.shape(node.input(0));
    long along = axis == null ? -2 : axis.toLongs()[0];
    if (along < 0) {
      if (input == null) {
        throw to.refuse(node, "the rank of its input is not known");
      }
      along += input.rank();
    }
    drop(node, 2);
    node.graph().setAttribute(node, "axis", Attribute.of(along));
  }

  private static void halfPixel(Node node, Shapes shapes, OpsetLowering to) {
    String mode = node.stringAttribute("coordinate_transformation_mode", "half_pixel");
    if (!mode.equals("output_half_pixel")) {
      throw to.refuse(node, "coordinates by " + mode + " came with opset 16");
    }
    node.graph().removeAttribute(node, "coordinate_transformation_mode");
  }

  /** Before opset 13 region and scales must be there, if need be without elements. */
  private static void resizeInputs(Node node, Shapes shapes, OpsetLowering to) {
    for (int input : Arrays.asList(1, 2)) {
      if (node.inputOrNull(input) == null) {
        Value none =
            node.graph()
                .addInitializer(node.output().name() + "_none", Tensor.floats(new float[0], 0));
        node.graph().setInput(node, input, none);
      }
    }
  }
}
