package dev.hasten.graph.rewrite;

import dev.hasten.graph.Node;
import dev.hasten.graph.Use;
import dev.hasten.graph.Value;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Set;

/** Whether somebody can tell -0 from 0: they are equal, but not what comes of dividing by them. */
final class SignOfZero {
  /** What keeps the sign of a zero on its way. A sum with anything else than a zero forgets it. */
  private static final Set<String> KEEPS =
      Set.of(
          "Abs",
          "Cast",
          "Ceil",
          "Clip",
          "Concat",
          "DepthToSpace",
          "Erf",
          "Expand",
          "Flatten",
          "Floor",
          "Gather",
          "GatherElements",
          "GatherND",
          "Identity",
          "LeakyRelu",
          "Max",
          "MaxPool",
          "Min",
          "Mul",
          "Neg",
          "Pad",
          "ReduceMax",
          "ReduceMin",
          "ReduceProd",
          "Relu",
          "Reshape",
          "Round",
          "Sin",
          "Slice",
          "SpaceToDepth",
          "Split",
          "Sqrt",
          "Squeeze",
          "Sum",
          "Tan",
          "Tanh",
          "Tile",
          "Transpose",
          "Unsqueeze",
          "Where");

  private static final int FAR = 256;

  private SignOfZero() {}

  /** Whether a quotient or power reads the value, directly or through what keeps the sign. */
  static boolean matters(Value value) {
    Set<Value> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    Deque<Value> open = new ArrayDeque<>();
    open.add(value);
    while (!open.isEmpty()) {
      Value at = open.remove();
      if (!seen.add(at)) {
        continue;
      }
      if (seen.size() > FAR) {
        return true;
      }
      for (Use use : at.users()) {
        Node node = use.node();
        boolean divides =
            node.is("Reciprocal")
                || node.is("Div") && use.input() == 1
                || node.is("Pow") && use.input() == 0;
        if (divides || !node.domain().isEmpty() && !node.domain().equals(Node.MICROSOFT)) {
          return true;
        }
        if (KEEPS.contains(node.opType()) || node.is("Div")) {
          open.addAll(node.outputs());
        }
      }
    }
    return false;
  }
}
