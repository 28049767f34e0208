package dev.hasten.graph.rewrite;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.Dim;
import dev.hasten.graph.Node;
import dev.hasten.graph.Shape;
import dev.hasten.graph.Value;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A vector that is a stretch of some shape is read from there in one step.
 *
 * <pre>
 * Concat(Unsqueeze(Gather(Shape(x[n,c,h,w]), 2)), Unsqueeze(Gather(Shape(x), 3)))     [h, w]
 * Shape(x, start = 2, end = 4)
 * </pre>
 */
final class ShortenShapes implements Rule {
  /** From here on, Shape can leave axes out. */
  private static final long OPSET = 15;

  private static final int FAR = 8;

  /** The operators of which exporters build shapes. */
  private static final Set<String> BUILDING =
      Set.of(
          "Cast",
          "Concat",
          "Gather",
          "Identity",
          "Reshape",
          "Slice",
          "Squeeze",
          "Unsqueeze",
          "Where",
          "Mul",
          "Add",
          "Sub",
          "Div",
          "Split");

  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (rewrite.opset() < OPSET
        || !node.domain().isEmpty()
        || !BUILDING.contains(node.opType())
        || node.outputs().size() != 1) {
      return Outcome.none();
    }
    Value output = node.output();
    List<Dim> content = rewrite.content(output);
    if (content == null
        || content.stream().allMatch(Dim::isFixed)
        || rewrite.type(output) != DataType.INT64
        || rewrite.rank(output) != 1) {
      return Outcome.none();
    }
    return search(node, node, content, rewrite, FAR);
  }

  private static Outcome search(Node node, Node at, List<Dim> content, Rewrite rewrite, int far) {
    for (Value input : at.inputs()) {
      Node producer = input == null ? null : input.producer();
      if (producer == null || producer.graph() != node.graph()) {
        continue;
      }
      if (producer.is("", "Shape")) {
        Outcome outcome = read(node, producer, content, rewrite);
        if (outcome instanceof Outcome.Changed) {
          return outcome;
        }
      } else if (far > 0 && BUILDING.contains(producer.opType())) {
        Outcome outcome = search(node, producer, content, rewrite, far - 1);
        if (outcome instanceof Outcome.Changed) {
          return outcome;
        }
      }
    }
    return Outcome.none();
  }

  private static Outcome read(Node node, Node asked, List<Dim> content, Rewrite rewrite) {
    Value x = asked.input(0);
    Shape shape = rewrite.shape(x);
    int start = shape == null ? -1 : Collections.indexOfSubList(shape.dims(), content);
    if (start < 0) {
      return Outcome.none();
    }
    Value part =
        rewrite.add(
            node,
            "Shape",
            List.of(x),
            Map.of(
                "start", Attribute.of((long) start),
                "end", Attribute.of((long) start + content.size())));
    rewrite.replaceAndSweep(node.output(), part);
    return Outcome.changed(content + " is read from the shape of " + x.name());
  }
}
