package dev.hasten.graph;

import com.google.protobuf.ByteString;
import dev.hasten.graph.wire.OnnxWire.TensorProto;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Tensors between their form in the file and in memory. Nothing is copied that is raw. */
final class TensorCodec {
  private TensorCodec() {}

  /**
   * Reads a tensor.
   *
   * @param where the file and the place in it, for messages
   * @param external finds weights outside the model file; null where there can be none
   */
  static Tensor read(
      TensorProto marked, String where, @Nullable ExternalFiles external, RawSlices slices) {
    MemorySegment raw = slices.data(marked);
    TensorProto proto = raw == null ? marked : RawSlices.unmarked(marked);
    DataType type = DataType.find(proto.getDataType());
    if (type == null) {
      throw ModelException.of(
          where,
          "element type " + proto.getDataType(),
          "one of the types 1 to 28 of ONNX",
          "The file is damaged, or of a version of ONNX newer than Hasten knows");
    }
    if (proto.hasSegment()) {
      throw ModelException.of(
          where, "a tensor in segments", "a whole tensor", "Export the model again");
    }
    try {
      return read(proto, type, where, external, raw);
    } catch (IllegalArgumentException e) {
      throw damaged(where, e);
    }
  }

  private static Tensor read(
      TensorProto proto,
      DataType type,
      String where,
      @Nullable ExternalFiles external,
      @Nullable MemorySegment rawData) {
    long size = Tensor.sizeOf(proto.getDimsList());
    requireOneField(proto, rawData);
    if (isExternal(proto)) {
      MemorySegment data = external(external, where).find(proto, type.bytes(size), where);
      return Tensor.wired(type, proto.getDimsList(), data, proto);
    }
    if (type == DataType.STRING && (rawData != null || !proto.getRawData().isEmpty())) {
      throw new IllegalArgumentException("strings in raw_data (expected: in string_data)");
    }
    if (rawData != null) {
      return Tensor.wired(type, proto.getDimsList(), rawData, proto);
    }
    if (proto.hasRawData() && type != DataType.STRING) {
      ByteString raw = proto.getRawData();
      if (!raw.isEmpty() || TypedData.found(proto, type) == 0) {
        return Tensor.wired(
            type, proto.getDimsList(), MemorySegment.ofBuffer(raw.asReadOnlyByteBuffer()), proto);
      }
    }
    int found = TypedData.found(proto, type);
    if (found != TypedData.entries(type, size)) {
      throw new IllegalArgumentException(
          "%d entries of data (expected: %d for %s%s)"
              .formatted(found, TypedData.entries(type, size), type, proto.getDimsList()));
    }
    return Tensor.wired(type, proto.getDimsList(), null, proto);
  }

  /** The data of a tensor that is not in the model file. */
  static MemorySegment external(TensorProto proto, String where, @Nullable ExternalFiles external) {
    try {
      long bytes = DataType.of(proto.getDataType()).bytes(Tensor.sizeOf(proto.getDimsList()));
      return external(external, where).find(proto, bytes, where);
    } catch (IllegalArgumentException e) {
      throw damaged(where, e);
    }
  }

  private static ExternalFiles external(@Nullable ExternalFiles external, String where) {
    if (external == null) {
      throw ModelException.of(
          where,
          "its weights are in another file",
          "a model in one piece",
          "Read the model from its file instead of from memory");
    }
    return external;
  }

  private static ModelException damaged(String where, IllegalArgumentException e) {
    return new ModelException(
        where + ": " + e.getMessage() + ". The file is damaged; export the model again.", e);
  }

  /**
   * The form in the file, with all data in it: as it was read where it was.
   *
   * @param name null leaves the name that it was read with
   */
  static TensorProto write(@Nullable String name, Tensor tensor, RawWriter raw) {
    TensorProto origin = tensor.origin();
    TensorProto.Builder out;
    if (origin == null) {
      out = TensorProto.newBuilder();
      out.addAllDims(tensor.dims()).setDataType(tensor.type().onnx());
      if (tensor.type() == DataType.STRING) {
        out.addAllStringData(tensor.texts());
      } else {
        raw.put(out, tensor.data());
      }
    } else if (isExternal(origin)) {
      out = origin.toBuilder().clearExternalData().clearDataLocation();
      raw.put(out, tensor.data());
    } else if (isOutside(origin, tensor)) {
      out = raw.put(origin.toBuilder(), tensor.data());
    } else {
      if (name == null || origin.getName().equals(name)) {
        return origin;
      }
      out = origin.toBuilder();
    }
    return name == null ? out.build() : out.setName(name).build();
  }

  /** Which of several would count, no document says; and writing could not keep them apart. */
  private static void requireOneField(TensorProto proto, @Nullable MemorySegment rawData) {
    int fields =
        (rawData != null || !proto.getRawData().isEmpty() ? 1 : 0)
            + (proto.getFloatDataCount() > 0 ? 1 : 0)
            + (proto.getDoubleDataCount() > 0 ? 1 : 0)
            + (proto.getInt32DataCount() > 0 ? 1 : 0)
            + (proto.getInt64DataCount() > 0 ? 1 : 0)
            + (proto.getUint64DataCount() > 0 ? 1 : 0)
            + (proto.getStringDataCount() > 0 ? 1 : 0)
            + (isExternal(proto) ? 1 : 0);
    if (fields > 1) {
      throw new IllegalArgumentException(
          "data in %d fields at once (expected: in one)".formatted(fields));
    }
  }

  /** Whether the raw data were taken out when the tensor was read. */
  private static boolean isOutside(TensorProto origin, Tensor tensor) {
    return !origin.hasRawData()
        && TypedData.found(origin, tensor.type()) == 0
        && tensor.data().byteSize() > 0;
  }

  static boolean isExternal(TensorProto proto) {
    return proto.getDataLocation() == TensorProto.DataLocation.EXTERNAL_VALUE;
  }

  /** The segment as a buffer, where possible without a copy. */
  static ByteBuffer buffer(MemorySegment data) {
    try {
      return data.asByteBuffer();
    } catch (UnsupportedOperationException e) {
      // A segment over a Java array that is not of bytes.
      return ByteBuffer.wrap(data.toArray(ValueLayout.JAVA_BYTE));
    }
  }
}
