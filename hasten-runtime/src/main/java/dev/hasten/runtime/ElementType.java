package dev.hasten.runtime;

import java.util.Locale;

/**
 * What one element of an {@link NdArray} is. Names and codes are ONNX's ({@code
 * TensorProto.DataType}).
 */
public enum ElementType {
  FLOAT(1, 4),
  UINT8(2, 1),
  INT8(3, 1),
  UINT16(4, 2),
  INT16(5, 2),
  INT32(6, 4),
  INT64(7, 8),
  /** Text; has no fixed size in bytes. */
  STRING(8, 0),
  BOOL(9, 1),
  FLOAT16(10, 2),
  DOUBLE(11, 8),
  UINT32(12, 4),
  UINT64(13, 8),
  BFLOAT16(16, 2);

  private final int onnx;
  private final int bytes;

  ElementType(int onnx, int bytes) {
    this.onnx = onnx;
    this.bytes = bytes;
  }

  /** ONNX's number of this type. */
  public int onnx() {
    return onnx;
  }

  /** Size of one element in bytes; 0 for {@link #STRING}. */
  public int bytes() {
    return bytes;
  }

  /** Whether elements are floating-point numbers. */
  public boolean isFloating() {
    return switch (this) {
      case FLOAT, FLOAT16, DOUBLE, BFLOAT16 -> true;
      case UINT8, INT8, UINT16, INT16, INT32, INT64, STRING, BOOL, UINT32, UINT64 -> false;
    };
  }

  /** ONNX's name in lower case: {@code float}, {@code int64}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The type of an ONNX number. */
  public static ElementType of(int onnx) {
    for (ElementType type : values()) {
      if (type.onnx == onnx) {
        return type;
      }
    }
    throw new BadInputException(
        "element type: " + onnx + " (expected: an ONNX type of up to 8 bytes)");
  }
}
