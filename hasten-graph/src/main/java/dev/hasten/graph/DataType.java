package dev.hasten.graph;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The element types of ONNX tensors, with their code in the file and their width. */
public enum DataType {
  FLOAT(1, 32),
  UINT8(2, 8),
  INT8(3, 8),
  UINT16(4, 16),
  INT16(5, 16),
  INT32(6, 32),
  INT64(7, 64),
  STRING(8, 0),
  BOOL(9, 8),
  FLOAT16(10, 16),
  DOUBLE(11, 64),
  UINT32(12, 32),
  UINT64(13, 64),
  COMPLEX64(14, 64),
  COMPLEX128(15, 128),
  BFLOAT16(16, 16),
  FLOAT8E4M3FN(17, 8),
  FLOAT8E4M3FNUZ(18, 8),
  FLOAT8E5M2(19, 8),
  FLOAT8E5M2FNUZ(20, 8),
  UINT4(21, 4),
  INT4(22, 4),
  FLOAT4E2M1(23, 4),
  FLOAT8E8M0(24, 8),
  UINT2(25, 2),
  INT2(26, 2),
  FLOAT6E2M3(27, 6),
  FLOAT6E3M2(28, 6);

  private static final DataType[] ALL = values();

  private final int onnx;
  private final int bits;

  DataType(int onnx, int bits) {
    this.onnx = onnx;
    this.bits = bits;
  }

  /** The code of this type in an ONNX file ({@code TensorProto.DataType}). */
  public int onnx() {
    return onnx;
  }

  /** Bits per element; types below 8 bits are packed. 0 for {@link #STRING}. */
  public int bits() {
    return bits;
  }

  /** Bytes that {@code elements} elements take, the last byte padded; 0 for strings. */
  public long bytes(long elements) {
    return bits % 8 == 0
        ? Math.multiplyExact(elements, (long) (bits / 8))
        : Math.ceilDiv(Math.multiplyExact(elements, (long) bits), 8L);
  }

  /** Real numbers of any width; complex numbers are not. */
  public boolean isFloating() {
    return switch (this) {
      case FLOAT,
          DOUBLE,
          FLOAT16,
          BFLOAT16,
          FLOAT8E4M3FN,
          FLOAT8E4M3FNUZ,
          FLOAT8E5M2,
          FLOAT8E5M2FNUZ,
          FLOAT8E8M0,
          FLOAT6E2M3,
          FLOAT6E3M2,
          FLOAT4E2M1 ->
          true;
      case UINT8,
          INT8,
          UINT16,
          INT16,
          INT32,
          INT64,
          STRING,
          BOOL,
          UINT32,
          UINT64,
          COMPLEX64,
          COMPLEX128,
          UINT4,
          INT4,
          UINT2,
          INT2 ->
          false;
    };
  }

  /** Integers, signed or not; {@link #BOOL} is not. */
  public boolean isInteger() {
    return switch (this) {
      case UINT8, INT8, UINT16, INT16, INT32, INT64, UINT32, UINT64, UINT4, INT4, UINT2, INT2 ->
          true;
      case FLOAT,
          STRING,
          BOOL,
          FLOAT16,
          DOUBLE,
          COMPLEX64,
          COMPLEX128,
          BFLOAT16,
          FLOAT8E4M3FN,
          FLOAT8E4M3FNUZ,
          FLOAT8E5M2,
          FLOAT8E5M2FNUZ,
          FLOAT4E2M1,
          FLOAT8E8M0,
          FLOAT6E2M3,
          FLOAT6E3M2 ->
          false;
    };
  }

  /**
   * The type with this code in an ONNX file.
   *
   * @throws ModelException if no type has it
   */
  public static DataType of(int onnx) {
    DataType type = find(onnx);
    if (type == null) {
      throw new ModelException("element type " + onnx + " (expected: 1 to " + ALL.length + ")");
    }
    return type;
  }

  static @Nullable DataType find(int onnx) {
    return onnx >= 1 && onnx <= ALL.length ? ALL[onnx - 1] : null;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
