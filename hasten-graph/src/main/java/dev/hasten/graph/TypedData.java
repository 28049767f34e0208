package dev.hasten.graph;

import dev.hasten.graph.wire.OnnxWire.TensorProto;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The typed data fields of a tensor in the file ({@code float_data}, {@code int64_data}, …). */
final class TypedData {
  private TypedData() {}

  /** How many entries the field for {@code type} must have, for {@code size} elements. */
  static long entries(DataType type, long size) {
    return switch (type) {
      case COMPLEX64, COMPLEX128 -> 2 * size;
      // Elements below 8 bits are packed as in the raw form, one byte in each entry.
      case UINT4, INT4, FLOAT4E2M1, UINT2, INT2, FLOAT6E2M3, FLOAT6E3M2 -> type.bytes(size);
      case FLOAT,
          UINT8,
          INT8,
          UINT16,
          INT16,
          INT32,
          INT64,
          STRING,
          BOOL,
          FLOAT16,
          DOUBLE,
          UINT32,
          UINT64,
          BFLOAT16,
          FLOAT8E4M3FN,
          FLOAT8E4M3FNUZ,
          FLOAT8E5M2,
          FLOAT8E5M2FNUZ,
          FLOAT8E8M0 ->
          size;
    };
  }

  /** How many entries the field for {@code type} has. */
  static int found(TensorProto proto, DataType type) {
    return switch (type) {
      case FLOAT, COMPLEX64 -> proto.getFloatDataCount();
      case DOUBLE, COMPLEX128 -> proto.getDoubleDataCount();
      case INT64 -> proto.getInt64DataCount();
      case UINT32, UINT64 -> proto.getUint64DataCount();
      case STRING -> proto.getStringDataCount();
      case UINT8,
          INT8,
          UINT16,
          INT16,
          INT32,
          BOOL,
          FLOAT16,
          BFLOAT16,
          FLOAT8E4M3FN,
          FLOAT8E4M3FNUZ,
          FLOAT8E5M2,
          FLOAT8E5M2FNUZ,
          FLOAT8E8M0,
          UINT4,
          INT4,
          FLOAT4E2M1,
          UINT2,
          INT2,
          FLOAT6E2M3,
          FLOAT6E3M2 ->
          proto.getInt32DataCount();
    };
  }

  /** The field's content in the raw form. The number of entries has been checked. */
  static MemorySegment decode(TensorProto proto, DataType type, long size) {
    int n = found(proto, type);
    MemorySegment out = Tensor.room(type.bytes(size));
    switch (type) {
      case FLOAT, COMPLEX64 -> {
        for (int i = 0; i < n; i++) {
          out.setAtIndex(Tensor.FLOATS, i, proto.getFloatData(i));
        }
      }
      case DOUBLE, COMPLEX128 -> {
        for (int i = 0; i < n; i++) {
          out.setAtIndex(Tensor.DOUBLES, i, proto.getDoubleData(i));
        }
      }
      case INT64 -> {
        for (int i = 0; i < n; i++) {
          out.setAtIndex(Tensor.LONGS, i, proto.getInt64Data(i));
        }
      }
      case UINT64 -> {
        for (int i = 0; i < n; i++) {
          out.setAtIndex(Tensor.LONGS, i, proto.getUint64Data(i));
        }
      }
      case UINT32 -> {
        for (int i = 0; i < n; i++) {
          out.setAtIndex(Tensor.INTS, i, (int) proto.getUint64Data(i));
        }
      }
      case INT32 -> {
        for (int i = 0; i < n; i++) {
          out.setAtIndex(Tensor.INTS, i, proto.getInt32Data(i));
        }
      }
      case INT16, UINT16, FLOAT16, BFLOAT16 -> {
        for (int i = 0; i < n; i++) {
          out.setAtIndex(Tensor.SHORTS, i, (short) proto.getInt32Data(i));
        }
      }
      case UINT8,
          INT8,
          BOOL,
          FLOAT8E4M3FN,
          FLOAT8E4M3FNUZ,
          FLOAT8E5M2,
          FLOAT8E5M2FNUZ,
          FLOAT8E8M0,
          UINT4,
          INT4,
          FLOAT4E2M1,
          UINT2,
          INT2,
          FLOAT6E2M3,
          FLOAT6E3M2 -> {
        for (int i = 0; i < n; i++) {
          out.set(ValueLayout.JAVA_BYTE, i, (byte) proto.getInt32Data(i));
        }
      }
      case STRING -> {}
    }
    return out;
  }
}
