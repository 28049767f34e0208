package dev.hasten.graph;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Axis flows that several operators share. */
final class Flows {
  private Flows() {}

  /** Each axis of the output from the same axis, counted from the last, of the given inputs. */
  static void broadcast(Costs.Shaped node, Operator.Flow flow, int fromInput, int toInput) {
    Shape output = node.output(0);
    for (int i = 0; i < output.rank(); i++) {
      List<AxisFlow.Source> sources = new ArrayList<>();
      boolean known = true;
      for (int input = fromInput; input < toInput; input++) {
        if (node.node().inputOrNull(input) != null) {
          Shape shape = node.input(input);
          int axis = i - output.rank() + shape.rank();
          known &= addAligned(sources, input, shape, axis, output.dim(i));
        }
      }
      if (known) {
        flow.axis(0, i, sources);
      }
    }
  }

  /** False if it can't be told whether the axis is stretched or stays. */
  private static boolean addAligned(
      List<AxisFlow.Source> sources, int input, Shape shape, int axis, Dim length) {
    if (axis < 0) {
      return true;
    }
    Dim own = shape.dim(axis);
    if (own.equals(length)) {
      sources.add(new AxisFlow.Identity(input, axis));
    } else if (own.is(1)) {
      sources.add(new AxisFlow.Broadcast(input, axis));
    } else {
      return false;
    }
    return true;
  }

  /** Same axes, but some mix their positions (softmax over them, normalization). */
  static void mixing(Costs.Shaped node, Operator.Flow flow, java.util.function.IntPredicate mixes) {
    Shape output = node.output(0);
    for (int i = 0; i < output.rank(); i++) {
      flow.axis(0, i, mixes.test(i) ? new AxisFlow.Mix(0, i) : new AxisFlow.Identity(0, i));
    }
  }

  /** The axes that a reduction leaves. */
  static void reduction(
      Costs.Shaped node, Operator.Flow flow, @Nullable List<Long> axes, boolean keep) {
    Shape input = node.input(0);
    int out = 0;
    for (int i = 0; i < input.rank(); i++) {
      int axis = i;
      boolean reduced =
          axes == null || axes.stream().anyMatch(a -> (a < 0 ? a + input.rank() : a) == axis);
      if (!reduced) {
        flow.axis(0, out++, new AxisFlow.Identity(0, i));
      } else if (keep) {
        flow.axis(0, out++);
      }
    }
  }

  /** Rows against columns: the last two axes of input a (m×k) and b (k×n), the others broadcast. */
  static void matrixProduct(Costs.Shaped node, Operator.Flow flow, int a, int b) {
    matrixProduct(node, flow, a, b, false, false);
  }

  static void matrixProduct(
      Costs.Shaped node, Operator.Flow flow, int a, int b, boolean transA, boolean transB) {
    Shape left = node.input(a);
    Shape right = node.input(b);
    Shape output = node.output(0);
    if (left.rank() < 2 || right.rank() < 2) {
      return;
    }
    int rank = output.rank();
    for (int i = 0; i < rank - 2; i++) {
      List<AxisFlow.Source> sources = new ArrayList<>();
      if (addAligned(sources, a, left, i - rank + left.rank(), output.dim(i))
          && addAligned(sources, b, right, i - rank + right.rank(), output.dim(i))) {
        flow.axis(0, i, sources);
      }
    }
    int rows = left.rank() - (transA ? 1 : 2);
    int columns = right.rank() - (transB ? 2 : 1);
    flow.axis(0, rank - 2, new AxisFlow.Identity(a, rows));
    flow.axis(0, rank - 1, new AxisFlow.Identity(b, columns));
    flow.contract(a, 2 * left.rank() - 3 - rows, b, 2 * right.rank() - 3 - columns);
  }

  /**
   * Regrouping without moving elements: runs of axes with the same product go together; a run of
   * one axis against one is itself, one against several is taken apart, several against one merge.
   */
  static void regrouped(Costs.Shaped node, Operator.Flow flow) {
    Shape in = node.input(0);
    Shape out = node.output(0);
    int i = 0;
    int o = 0;
    while (i < in.rank() && o < out.rank()) {
      int i1 = i + 1;
      int o1 = o + 1;
      Dim left = in.dim(i);
      Dim right = out.dim(o);
      // A length of 1 stands for itself or for nothing.
      if (!left.equals(right) && left.is(1)) {
        i++;
        continue;
      }
      if (!left.equals(right) && right.is(1)) {
        flow.axis(0, o++);
        continue;
      }
      while (!left.equals(right)) {
        boolean growRight = isSmaller(right, left);
        if (growRight && o1 < out.rank()) {
          right = right.times(out.dim(o1++));
        } else if (!growRight && i1 < in.rank()) {
          left = left.times(in.dim(i1++));
        } else {
          return;
        }
      }
      run(flow, in, i, i1, out, o, o1);
      i = i1;
      o = o1;
    }
    for (; o < out.rank(); o++) {
      flow.axis(0, o);
    }
  }

  private static void run(Operator.Flow flow, Shape in, int i, int i1, Shape out, int o, int o1) {
    if (i1 - i == 1 && o1 - o == 1) {
      flow.axis(0, o, new AxisFlow.Identity(0, i));
    } else if (i1 - i == 1) {
      for (int axis = o; axis < o1; axis++) {
        flow.axis(0, axis, new AxisFlow.Digit(0, i, stride(out, axis + 1, o1)));
      }
    } else if (o1 - o == 1) {
      List<AxisFlow.Source> sources = new ArrayList<>();
      for (int axis = i; axis < i1; axis++) {
        sources.add(new AxisFlow.Merged(0, axis, stride(in, axis + 1, i1)));
      }
      flow.axis(0, o, sources);
    }
    // Several against several: how they interleave is not told, so the axes have no entry.
  }

  private static Dim stride(Shape shape, int from, int to) {
    return new Shape(shape.dims().subList(from, to)).size();
  }

  /** Whether a is the shorter run so far: it divides b, or is less where both are numbers. */
  private static boolean isSmaller(Dim a, Dim b) {
    if (a.isFixed() && b.isFixed()) {
      return a.value().orElse(0) < b.value().orElse(0);
    }
    return b.floorDiv(a.is(0) ? Dim.ONE : a).times(a).equals(b);
  }
}
