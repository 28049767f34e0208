package dev.hasten.graph;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.hasten.graph.wire.OnnxWire.AttributeProto;
import dev.hasten.graph.wire.OnnxWire.TensorProto;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * External data of tensors that stay in their message: those of functions, training graphs and
 * sparse tensors. They are taken into the message, for the model may be written to another folder,
 * where what they refer to is not.
 */
final class Embedded {
  /** Such tensors are small; more would pass through the heap. */
  private static final long MAX_BYTES = 64 << 20;

  private final @Nullable ExternalFiles external;
  private final String where;
  private long taken;

  private Embedded(@Nullable ExternalFiles external, String where) {
    this.external = external;
    this.where = where;
  }

  /** The message, with all external data of tensors in it made raw data. */
  static <B extends Message.Builder> B weights(
      B message, @Nullable ExternalFiles external, String where) {
    new Embedded(external, where).takeIn(message);
    return message;
  }

  /** The same for the sparse tensors of an attribute, which alone are not read as tensors. */
  static AttributeProto sparse(
      AttributeProto attribute, @Nullable ExternalFiles external, String where) {
    return attribute.hasSparseTensor() || attribute.getSparseTensorsCount() > 0
        ? weights(attribute.toBuilder(), external, where).build()
        : attribute;
  }

  private boolean takeIn(Message.Builder message) {
    if (message instanceof TensorProto.Builder tensor) {
      return takeIn(tensor);
    }
    boolean changed = false;
    for (var entry : message.getAllFields().entrySet()) {
      FieldDescriptor field = entry.getKey();
      if (field.getJavaType() != FieldDescriptor.JavaType.MESSAGE) {
        continue;
      }
      if (field.isRepeated()) {
        List<?> items = (List<?>) entry.getValue();
        for (int i = 0; i < items.size(); i++) {
          Message.Builder item = ((Message) items.get(i)).toBuilder();
          if (takeIn(item)) {
            message.setRepeatedField(field, i, item.build());
            changed = true;
          }
        }
      } else {
        Message.Builder item = ((Message) entry.getValue()).toBuilder();
        if (takeIn(item)) {
          message.setField(field, item.build());
          changed = true;
        }
      }
    }
    return changed;
  }

  private boolean takeIn(TensorProto.Builder tensor) {
    if (!TensorCodec.isExternal(tensor.build())) {
      return false;
    }
    MemorySegment data = TensorCodec.external(tensor.build(), where, external);
    taken += data.byteSize();
    if (taken > MAX_BYTES) {
      throw ModelException.of(
          where,
          "more than " + MAX_BYTES + " bytes of external data",
          "large weights in initializers of the graph only",
          "Inline the functions and export the model again");
    }
    tensor
        .clearExternalData()
        .clearDataLocation()
        .setRawData(ByteString.copyFrom(data.toArray(ValueLayout.JAVA_BYTE)));
    return true;
  }
}
