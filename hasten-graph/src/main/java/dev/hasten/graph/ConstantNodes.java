package dev.hasten.graph;

import org.jspecify.annotations.Nullable;

/** The content of {@code Constant} nodes. */
final class ConstantNodes {
  private ConstantNodes() {}

  /** The constant that the node makes; null for sparse ones. */
  static @Nullable Tensor value(Node node) {
    for (var entry : node.attributes.entrySet()) {
      Tensor tensor = of(entry.getKey(), entry.getValue().value());
      if (tensor != null) {
        return tensor;
      }
    }
    return null;
  }

  private static @Nullable Tensor of(String name, Attribute attribute) {
    return switch (attribute) {
      case Attribute.TensorAttr(Tensor v) when name.equals("value") -> v;
      case Attribute.Int(long v) when name.equals("value_int") -> Tensor.scalar(v);
      case Attribute.Real(float v) when name.equals("value_float") -> Tensor.scalar(v);
      case Attribute.Text(String v) when name.equals("value_string") ->
          Tensor.strings(java.util.List.of(v));
      case Attribute.Ints(var v) when name.equals("value_ints") ->
          Tensor.longs(v.stream().mapToLong(Long::longValue).toArray(), v.size());
      case Attribute.Reals(var v) when name.equals("value_floats") -> {
        float[] data = new float[v.size()];
        for (int i = 0; i < data.length; i++) {
          data[i] = v.get(i);
        }
        yield Tensor.floats(data, data.length);
      }
      case Attribute.Texts(var v) when name.equals("value_strings") -> Tensor.strings(v, v.size());
      case Attribute other -> null;
    };
  }
}
