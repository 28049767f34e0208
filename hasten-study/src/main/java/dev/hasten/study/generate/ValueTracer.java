package dev.hasten.study.generate;

import dev.hasten.graph.Node;
import dev.hasten.graph.Shape;
import dev.hasten.graph.Shapes;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Use;
import dev.hasten.graph.Value;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Follows an input through the graph to those who read it, to learn which values make sense: the
 * rows of the smallest table that it picks from, the number that it is compared with, the shape
 * that it becomes.
 */
final class ValueTracer {
  /** Operators whose output holds the values of the named input, moved at most. */
  private static final Set<String> MOVES =
      Set.of(
          "Cast",
          "Identity",
          "Unsqueeze",
          "Squeeze",
          "Reshape",
          "Flatten",
          "Transpose",
          "Expand",
          "Slice",
          "Tile",
          "Split",
          "Gather",
          "Concat",
          "Pad");

  private final Shapes shapes;
  private final Set<Value> seen = new HashSet<>();
  private @Nullable ValueRule index;
  private @Nullable ValueRule compared;
  private @Nullable ValueRule structural;

  private ValueTracer(Shapes shapes) {
    this.shapes = shapes;
  }

  /**
   * The rule that the readers of {@code input} suggest; null if they suggest none. Indexes win over
   * shapes, and shapes over comparisons: an id that is compared with the padding's is still an id.
   */
  static @Nullable ValueRule trace(Value input, Shapes shapes) {
    ValueTracer tracer = new ValueTracer(shapes);
    tracer.follow(input);
    return tracer.index != null
        ? tracer.index
        : tracer.structural != null ? tracer.structural : tracer.compared;
  }

  private void follow(Value value) {
    if (!seen.add(value)) {
      return;
    }
    for (Use use : value.users()) {
      Node node = use.node();
      if (!read(node, use.input()) && use.input() == 0 && MOVES.contains(node.opType())) {
        follow(node.output());
      } else if (node.is("Concat") || node.is("Where")) {
        follow(node.output());
      }
    }
  }

  /** Whether this reader gives the values a meaning. */
  private boolean read(Node node, int input) {
    switch (node.opType()) {
      case "Gather" -> {
        if (input == 1) {
          index(node.inputOrNull(0), node.intAttribute("axis", 0));
          return true;
        }
      }
      case "GatherElements", "ScatterElements", "Scatter" -> {
        if (input == 1) {
          index(node.inputOrNull(0), node.intAttribute("axis", 0));
          return true;
        }
      }
      case "GatherND", "ScatterND" -> {
        if (input == 1) {
          index(node.inputOrNull(0), 0);
          return true;
        }
      }
      case "EmbedLayerNormalization" -> {
        if (input < 2) {
          index(node.inputOrNull(input == 0 ? 2 : 4), 0);
          return true;
        }
      }
      case "NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss" -> {
        if (input == 1) {
          index(node.inputOrNull(0), 1);
          return true;
        }
      }
      case "OneHot" -> {
        if (input == 0) {
          index = narrower(new ValueRule.Ids(constant(node, 1).orElse(2), "a one-hot table"));
          return true;
        }
        structural(new ValueRule.Same(4), input == 1);
      }
      case "Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual" -> {
        OptionalLong other = constant(node, 1 - input);
        if (other.isPresent() && compared == null) {
          compared = new ValueRule.Same(other.getAsLong());
        }
        return true;
      }
      case "Reshape", "Expand", "ConstantOfShape" -> {
        if (input == (node.is("ConstantOfShape") ? 0 : 1)) {
          Shape made = shapes.shape(node.output());
          structural =
              made != null && made.isFixed() && made.rank() > 0
                  ? new ValueRule.Exactly(made.eval(java.util.Map.of()))
                  : node.is("Reshape")
                      ? new ValueRule.Exactly(List.of(-1L))
                      : new ValueRule.Same(1);
          return true;
        }
      }
      case "Squeeze" -> {
        return structural(new ValueRule.Exactly(ones(node)), input == 1);
      }
      case "Unsqueeze", "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd" -> {
        return structural(new ValueRule.Counting(Long.MAX_VALUE), input == 1);
      }
      case "Slice" -> {
        return structural(
            switch (input) {
              case 1 -> new ValueRule.Same(0);
              case 2 -> new ValueRule.Same(Integer.MAX_VALUE);
              case 3 -> new ValueRule.Counting(Long.MAX_VALUE);
              default -> new ValueRule.Same(1);
            },
            input > 0);
      }
      case "Split" -> {
        return structural(new ValueRule.Exactly(parts(node)), input == 1);
      }
      case "TopK", "Tile" -> {
        return structural(new ValueRule.Same(1), input == 1);
      }
      case "Pad", "CumSum", "Trilu" -> {
        return structural(new ValueRule.Same(0), input == 1);
      }
      case "NonMaxSuppression" -> {
        // How many boxes, then two thresholds between 0 and 1.
        return structural(new ValueRule.Same(input == 2 ? 3 : 0.5), input > 1);
      }
      case "Dropout" -> {
        return structural(new ValueRule.Same(0.25), input == 1);
      }
      case "Loop" -> {
        return structural(new ValueRule.Same(2), input == 0);
      }
      case "Range" -> {
        return structural(new ValueRule.Same(input == 0 ? 0 : input == 1 ? 8 : 1), true);
      }
      case "Resize", "Upsample" -> {
        Shape made = shapes.shape(node.output());
        ValueRule sizes =
            made != null && made.isFixed()
                ? new ValueRule.Exactly(made.eval(java.util.Map.of()))
                : new ValueRule.Same(8);
        return structural(input == 3 ? sizes : new ValueRule.Same(1), input > 0);
      }
      case "LSTM", "GRU", "RNN" -> {
        return structural(new ValueRule.InputLength(), input == 4);
      }
      default -> {
        return false;
      }
    }
    return false;
  }

  private boolean structural(ValueRule rule, boolean applies) {
    if (applies) {
      structural = rule;
    }
    return applies;
  }

  private void index(@Nullable Value table, long axis) {
    Shape shape = table == null ? null : shapes.shape(table);
    if (table == null || shape == null || shape.rank() == 0) {
      return;
    }
    int at = (int) Math.floorMod(axis, (long) shape.rank());
    OptionalLong rows = shape.dim(at).value();
    // Of a table whose length is not known, only the first row is certain.
    index = narrower(new ValueRule.Ids(Math.max(1, rows.orElse(1)), table.name()));
  }

  private ValueRule narrower(ValueRule.Ids found) {
    return index instanceof ValueRule.Ids before && before.bound() <= found.bound()
        ? before
        : found;
  }

  private static OptionalLong constant(Node node, int input) {
    Value value = node.inputOrNull(input);
    Tensor tensor = value == null ? null : value.constant();
    return tensor == null || tensor.size() != 1 || tensor.type().bits() == 0
        ? OptionalLong.empty()
        : OptionalLong.of(tensor.toLongs()[0]);
  }

  /** The axes of length 1 of what is squeezed. */
  private List<Long> ones(Node node) {
    Shape shape = node.inputOrNull(0) == null ? null : shapes.shape(node.input(0));
    List<Long> axes =
        shape == null
            ? List.of()
            : LongStream.range(0, shape.rank())
                .filter(a -> shape.dim((int) a).is(1))
                .boxed()
                .toList();
    return axes.isEmpty() ? List.of(0L) : axes;
  }

  /** The lengths of the parts of a split, where they are known. */
  private List<Long> parts(Node node) {
    long axis = node.intAttribute("axis", 0);
    List<Long> lengths =
        node.outputs().stream()
            .map(shapes::shape)
            .map(s -> s == null || s.rank() == 0 ? OptionalLong.empty() : s.dim((int) axis).value())
            .map(n -> n.orElse(1))
            .toList();
    return lengths.isEmpty() ? List.of(1L) : lengths;
  }
}
