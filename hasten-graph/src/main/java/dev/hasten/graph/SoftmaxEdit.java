package dev.hasten.graph;

import java.util.List;
import java.util.Map;

/**
 * Softmax and its kin before opset 13 work on all axes from {@code axis} on together, since then on
 * one axis.
 *
 * <pre>
 * Softmax(x, axis = last)  becomes  Softmax(x, axis = -1)
 * Softmax(x, axis = a)     becomes  Reshape(Softmax(Flatten(x, a), axis = -1), Shape(x))
 * </pre>
 */
final class SoftmaxEdit {
  private SoftmaxEdit() {}

  static Node apply(Node node, Shapes shapes) {
    Graph graph = node.graph();
    long axis = node.intAttribute("axis", 1);
    Value input = node.input(0);
    Shape shape = shapes.shape(input);
    if (axis == -1 || (shape != null && axis == shape.rank() - 1)) {
      graph.setAttribute(node, "axis", Attribute.of(-1L));
      return node;
    }
    String name = node.output().name();
    Value flat =
        graph.op(name + "_flat", "Flatten", List.of(input), Map.of("axis", Attribute.of(axis)));
    Value result =
        graph.op(name + "_rows", node.opType(), List.of(flat), Map.of("axis", Attribute.of(-1L)));
    Value full = graph.op(name + "_shape", "Shape", List.of(input), Map.of());
    Node back = graph.add("", "Reshape", List.of(result, full), Map.of(), List.of(name));
    OpsetEdits.replace(node, back);
    return back;
  }
}
