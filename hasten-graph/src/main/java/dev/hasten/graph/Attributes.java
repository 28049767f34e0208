package dev.hasten.graph;

import com.google.protobuf.ByteString;
import dev.hasten.graph.wire.OnnxWire.AttributeProto;
import dev.hasten.graph.wire.OnnxWire.AttributeProto.AttributeType;
import dev.hasten.graph.wire.OnnxWire.GraphProto;
import dev.hasten.graph.wire.OnnxWire.TensorProto;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Attributes between their form in the file and in memory. */
final class Attributes {
  private Attributes() {}

  /** Reads an attribute; tensors and graphs by the given readers. */
  static Attribute read(
      AttributeProto proto,
      Function<TensorProto, Tensor> tensors,
      Function<GraphProto, Graph> graphs) {
    if (proto.hasRefAttrName() && !proto.getRefAttrName().isEmpty()) {
      return new Attribute.Reference(proto.getRefAttrName(), proto.getType());
    }
    AttributeType kind = kind(proto);
    return switch (kind) {
      case null -> new Attribute.Opaque(proto);
      case INT -> new Attribute.Int(proto.getI());
      case FLOAT -> new Attribute.Real(proto.getF());
      case STRING ->
          proto.getS().isValidUtf8()
              ? new Attribute.Text(proto.getS().toStringUtf8())
              : new Attribute.Opaque(proto);
      case INTS -> new Attribute.Ints(proto.getIntsList());
      case FLOATS -> new Attribute.Reals(proto.getFloatsList());
      case STRINGS ->
          proto.getStringsList().stream().allMatch(ByteString::isValidUtf8)
              ? new Attribute.Texts(
                  proto.getStringsList().stream().map(ByteString::toStringUtf8).toList())
              : new Attribute.Opaque(proto);
      case TENSOR -> new Attribute.TensorAttr(tensors.apply(proto.getT()));
      case TENSORS ->
          new Attribute.TensorsAttr(proto.getTensorsList().stream().map(tensors).toList());
      case GRAPH -> new Attribute.GraphAttr(graphs.apply(proto.getG()));
      case GRAPHS -> new Attribute.GraphsAttr(proto.getGraphsList().stream().map(graphs).toList());
      case SPARSE_TENSOR, SPARSE_TENSORS, TYPE_PROTO, TYPE_PROTOS, UNDEFINED ->
          new Attribute.Opaque(proto);
    };
  }

  /** The declared kind; files of IR version 1 declare none, there the field that is set tells. */
  private static @Nullable AttributeType kind(AttributeProto proto) {
    AttributeType declared = AttributeType.forNumber(proto.getType());
    if (declared != AttributeType.UNDEFINED) {
      return declared;
    }
    if (proto.hasI()) {
      return AttributeType.INT;
    } else if (proto.hasF()) {
      return AttributeType.FLOAT;
    } else if (proto.hasS()) {
      return AttributeType.STRING;
    } else if (proto.hasT()) {
      return AttributeType.TENSOR;
    } else if (proto.hasG()) {
      return AttributeType.GRAPH;
    } else if (proto.getIntsCount() > 0) {
      return AttributeType.INTS;
    } else if (proto.getFloatsCount() > 0) {
      return AttributeType.FLOATS;
    } else if (proto.getStringsCount() > 0) {
      return AttributeType.STRINGS;
    }
    return null;
  }

  /** The form in the file; graphs by {@code writer}. */
  static AttributeProto.Builder write(String name, Attribute attribute, GraphWriter writer) {
    AttributeProto.Builder out = AttributeProto.newBuilder().setName(name);
    return switch (attribute) {
      case Attribute.Int(long v) -> typed(out, AttributeType.INT).setI(v);
      case Attribute.Real(float v) -> typed(out, AttributeType.FLOAT).setF(v);
      case Attribute.Text(String v) ->
          typed(out, AttributeType.STRING).setS(ByteString.copyFromUtf8(v));
      case Attribute.Ints(List<Long> v) -> typed(out, AttributeType.INTS).addAllInts(v);
      case Attribute.Reals(List<Float> v) -> typed(out, AttributeType.FLOATS).addAllFloats(v);
      case Attribute.Texts(List<String> v) ->
          typed(out, AttributeType.STRINGS)
              .addAllStrings(v.stream().map(ByteString::copyFromUtf8).toList());
      case Attribute.TensorAttr(Tensor v) -> typed(out, AttributeType.TENSOR).setT(writer.write(v));
      case Attribute.TensorsAttr(List<Tensor> v) ->
          typed(out, AttributeType.TENSORS).addAllTensors(v.stream().map(writer::write).toList());
      case Attribute.GraphAttr(Graph v) -> typed(out, AttributeType.GRAPH).setG(writer.write(v));
      case Attribute.GraphsAttr(List<Graph> v) ->
          typed(out, AttributeType.GRAPHS).addAllGraphs(v.stream().map(writer::write).toList());
      case Attribute.Reference(String target, int type) -> out.setRefAttrName(target).setType(type);
      case Attribute.Opaque opaque when opaque.proto.getName().equals(name) ->
          opaque.proto.toBuilder();
      case Attribute.Opaque opaque -> opaque.proto.toBuilder().setName(name);
    };
  }

  private static AttributeProto.Builder typed(AttributeProto.Builder out, AttributeType type) {
    return out.setType(type.getNumber());
  }
}
