package dev.hasten.graph.rewrite;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.Node;
import dev.hasten.graph.Use;
import dev.hasten.graph.Value;
import java.util.List;
import java.util.Map;

/** Conversions that contributed operators want of their inputs. */
final class Casts {
  private Casts() {}

  /** The value as int32: one conversion for all that ask, since fusions share no equal nodes. */
  static Value toInt32(Value value, Node at, Rewrite rewrite) {
    if (rewrite.type(value) == DataType.INT32) {
      return value;
    }
    for (Use use : value.users()) {
      if (use.node().is("", "Cast")
          && use.node().graph() == at.graph()
          && use.node().intAttribute("to", 0) == DataType.INT32.onnx()) {
        return use.node().output();
      }
    }
    return rewrite.add(
        at, "Cast", List.of(value), Map.of("to", Attribute.of(DataType.INT32.onnx())));
  }
}
