package dev.hasten.runtime;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Elements of every numeric type as Java's numbers, and back. */
final class Elements {
  private Elements() {}

  /** Reads one element at an index. */
  @FunctionalInterface
  interface Reader {
    double at(int index);
  }

  static float[] floats(ElementType type, ByteBuffer data, int size) {
    float[] result = new float[size];
    if (type == ElementType.FLOAT) {
      data.asFloatBuffer().get(result);
      return result;
    }
    Reader reader = reader(type, data);
    for (int i = 0; i < size; i++) {
      result[i] = (float) reader.at(i);
    }
    return result;
  }

  static double[] doubles(ElementType type, ByteBuffer data, int size) {
    double[] result = new double[size];
    if (type == ElementType.DOUBLE) {
      data.asDoubleBuffer().get(result);
      return result;
    }
    Reader reader = reader(type, data);
    for (int i = 0; i < size; i++) {
      result[i] = reader.at(i);
    }
    return result;
  }

  static long[] longs(ElementType type, ByteBuffer data, int size) {
    long[] result = new long[size];
    switch (type) {
      // Through double, 64-bit integers would lose their low bits.
      case INT64, UINT64 -> data.asLongBuffer().get(result);
      default -> {
        Reader reader = reader(type, data);
        for (int i = 0; i < size; i++) {
          result[i] = (long) reader.at(i);
        }
      }
    }
    return result;
  }

  /** Whole numbers as a tensor of an integer type. */
  static NdArray ofLongs(ElementType type, long[] elements, long... shape) {
    if (type == ElementType.INT64) {
      return NdArray.longs(elements, shape);
    }
    ByteBuffer data =
        ByteBuffer.allocate(Math.multiplyExact(elements.length, type.bytes()))
            .order(ByteOrder.nativeOrder());
    for (int i = 0; i < elements.length; i++) {
      long v = elements[i];
      switch (type) {
        case INT32, UINT32 -> data.putInt(i * 4, (int) v);
        case INT16, UINT16 -> data.putShort(i * 2, (short) v);
        case INT8, UINT8 -> data.put(i, (byte) v);
        case BOOL -> data.put(i, (byte) (v != 0 ? 1 : 0));
        case UINT64, INT64 -> data.putLong(i * 8, v);
        case FLOAT -> data.putFloat(i * 4, (float) v);
        case DOUBLE -> data.putDouble(i * 8, (double) v);
        case FLOAT16 -> data.putShort(i * 2, Float.floatToFloat16((float) v));
        case BFLOAT16, STRING ->
            throw new BadInputException("type: " + type + " (expected: a type of numbers)");
      }
    }
    return NdArray.of(type, data, shape);
  }

  /** Numbers as a tensor of any numeric type; integers are cut off. */
  static NdArray ofDoubles(ElementType type, double[] elements, long... shape) {
    ByteBuffer data =
        ByteBuffer.allocate(Math.multiplyExact(elements.length, type.bytes()))
            .order(ByteOrder.nativeOrder());
    for (int i = 0; i < elements.length; i++) {
      double v = elements[i];
      switch (type) {
        case FLOAT -> data.putFloat(i * 4, (float) v);
        case DOUBLE -> data.putDouble(i * 8, v);
        case FLOAT16 -> data.putShort(i * 2, Float.floatToFloat16((float) v));
        case INT64, UINT64 -> data.putLong(i * 8, (long) v);
        case INT32, UINT32 -> data.putInt(i * 4, (int) (long) v);
        case INT16, UINT16 -> data.putShort(i * 2, (short) (long) v);
        case INT8, UINT8 -> data.put(i, (byte) (long) v);
        case BOOL -> data.put(i, (byte) (v != 0 ? 1 : 0));
        case BFLOAT16, STRING ->
            throw new BadInputException("type: " + type + " (expected: a type of numbers)");
      }
    }
    return NdArray.of(type, data, shape);
  }

  private static Reader reader(ElementType type, ByteBuffer data) {
    return switch (type) {
      case FLOAT -> i -> data.getFloat(i * 4);
      case DOUBLE -> i -> data.getDouble(i * 8);
      case FLOAT16 -> i -> Float.float16ToFloat(data.getShort(i * 2));
      case BFLOAT16 -> i -> Float.intBitsToFloat(data.getShort(i * 2) << 16);
      case INT8 -> i -> data.get(i);
      case UINT8 -> i -> data.get(i) & 0xFF;
      case BOOL -> i -> data.get(i) != 0 ? 1 : 0;
      case INT16 -> i -> data.getShort(i * 2);
      case UINT16 -> i -> data.getShort(i * 2) & 0xFFFF;
      case INT32 -> i -> data.getInt(i * 4);
      case UINT32 -> i -> data.getInt(i * 4) & 0xFFFFFFFFL;
      case INT64 -> i -> data.getLong(i * 8);
      case UINT64 -> i -> unsigned(data.getLong(i * 8));
      case STRING -> throw new IllegalStateException("numbers of an array of strings");
    };
  }

  private static double unsigned(long bits) {
    return bits >= 0 ? bits : (bits >>> 1) * 2.0 + (bits & 1);
  }
}
