package dev.hasten.graph.rewrite;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.Node;
import dev.hasten.graph.Value;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code CastLike(x, y)} becomes {@code Cast(x, to = type of y)}, which does not wait for y. */
final class ResolveCastLikes implements Rule {
  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (!node.is("", "CastLike")) {
      return Outcome.none();
    }
    Value like = node.input(1);
    DataType type = rewrite.type(like);
    if (type == null) {
      return Outcome.refused("the type of " + like.name() + " is not known");
    }
    Map<String, Attribute> attributes = new LinkedHashMap<>(node.attributes());
    attributes.put("to", Attribute.of(type.onnx()));
    Value cast = rewrite.add(node, "Cast", List.of(node.input(0)), attributes);
    rewrite.replaceAndSweep(node.output(), cast);
    return Outcome.changed("CastLike becomes Cast to " + type);
  }
}
