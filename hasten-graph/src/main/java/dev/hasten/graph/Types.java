package dev.hasten.graph;

import dev.hasten.graph.wire.OnnxWire.TensorShapeProto;
import dev.hasten.graph.wire.OnnxWire.TypeProto;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Declared types: from the file's form and back. */
final class Types {
  /** Marks a dimension that the file declares without a number or a name. */
  private static final String ANONYMOUS = "?";

  private Types() {}

  static @Nullable DataType elementType(@Nullable TypeProto type) {
    return type == null || !type.hasTensorType()
        ? null
        : DataType.find(type.getTensorType().getElemType());
  }

  /** What is declared of a value, be it a tensor or made of tensors. */
  static Fact fact(@Nullable TypeProto type, String value) {
    if (type == null) {
      return Fact.NOTHING;
    }
    TypeProto inner = type;
    while (inner.hasSequenceType() || inner.hasOptionalType()) {
      inner =
          inner.hasSequenceType()
              ? inner.getSequenceType().getElemType()
              : inner.getOptionalType().getElemType();
    }
    return new Fact(elementType(inner), shape(inner, value), null, Form.of(type));
  }

  /** The declared shape; a dimension without number or name becomes a symbol of its own. */
  static @Nullable Shape shape(@Nullable TypeProto type, String value) {
    if (type == null || !type.hasTensorType() || !type.getTensorType().hasShape()) {
      return null;
    }
    List<Dim> dims = new ArrayList<>();
    for (TensorShapeProto.Dimension dim : type.getTensorType().getShape().getDimList()) {
      if (dim.hasDimValue() && dim.getDimValue() >= 0) {
        dims.add(Dim.of(dim.getDimValue()));
      } else if (dim.hasDimParam() && !dim.getDimParam().isEmpty()) {
        dims.add(Dim.of(dim.getDimParam()));
      } else {
        dims.add(Dim.of(ANONYMOUS + value + "." + dims.size()));
      }
    }
    return new Shape(dims);
  }

  static Shape shape(Tensor tensor) {
    return new Shape(tensor.dims().stream().map(Dim::of).toList());
  }

  static TypeProto proto(DataType type, @Nullable Shape shape) {
    TypeProto.Tensor.Builder tensor = TypeProto.Tensor.newBuilder().setElemType(type.onnx());
    if (shape != null) {
      TensorShapeProto.Builder dims = TensorShapeProto.newBuilder();
      for (Dim dim : shape.dims()) {
        TensorShapeProto.Dimension.Builder out = dims.addDimBuilder();
        String name = dim.toString();
        if (dim instanceof Dim.Fixed(long size)) {
          out.setDimValue(size);
        } else if (!name.startsWith(ANONYMOUS)) {
          out.setDimParam(name);
        }
      }
      tensor.setShape(dims);
    }
    return TypeProto.newBuilder().setTensorType(tensor).build();
  }
}
