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
      throw new ModelException(
          where + ": " + e.getMessage() + ". The file is damaged; export the model again.", e);
    }
  }

  private static Tensor read(
      TensorProto proto,
      DataType type,
      String where,
      @Nullable ExternalFiles external,
      @Nullable MemorySegment rawData) {
    long size = Tensor.sizeOf(proto.getDimsList());
    if (isExternal(proto)) {
      if (external == null) {
        throw ModelException.of(
            where,
            "its weights are in another file",
            "a model in one piece",
            "Read the model from its file instead of from memory");
      }
      return Tensor.wired(
          type, proto.getDimsList(), external.find(proto, type.bytes(size), where), proto);
    }
    if (rawData != null && type != DataType.STRING) {
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
