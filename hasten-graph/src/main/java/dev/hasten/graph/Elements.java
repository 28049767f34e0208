package dev.hasten.graph;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Reads single elements of any numeric type out of packed little-endian data. */
final class Elements {
  private Elements() {}

  /** Element access by index. */
  interface Reader {
    double real(long index);

    long integer(long index);
  }

  private interface Real {
    double at(long index);
  }

  private interface Whole {
    long at(long index);
  }

  static boolean readable(DataType type) {
    return type.isFloating() || type.isInteger() || type == DataType.BOOL;
  }

  static Reader reader(DataType type, MemorySegment data) {
    return switch (type) {
      case FLOAT -> reals(i -> data.getAtIndex(Tensor.FLOATS, i));
      case DOUBLE -> reals(i -> data.getAtIndex(Tensor.DOUBLES, i));
      case FLOAT16 -> reals(i -> Float.float16ToFloat(data.getAtIndex(Tensor.SHORTS, i)));
      case BFLOAT16 -> reals(i -> Float.intBitsToFloat(data.getAtIndex(Tensor.SHORTS, i) << 16));
      case FLOAT8E4M3FN -> reals(i -> minifloat(code(data, i, 8), 4, 3, 7, Special.NAN_ONLY));
      case FLOAT8E4M3FNUZ ->
          reals(i -> minifloat(code(data, i, 8), 4, 3, 8, Special.UNSIGNED_ZERO));
      case FLOAT8E5M2 -> reals(i -> minifloat(code(data, i, 8), 5, 2, 15, Special.IEEE));
      case FLOAT8E5M2FNUZ ->
          reals(i -> minifloat(code(data, i, 8), 5, 2, 16, Special.UNSIGNED_ZERO));
      case FLOAT4E2M1 -> reals(i -> minifloat(code(data, i, 4), 2, 1, 1, Special.NONE));
      case FLOAT6E2M3 -> reals(i -> minifloat(code(data, i, 6), 2, 3, 1, Special.NONE));
      case FLOAT6E3M2 -> reals(i -> minifloat(code(data, i, 6), 3, 2, 3, Special.NONE));
      case FLOAT8E8M0 ->
          reals(i -> {
            int code = code(data, i, 8);
            return code == 255 ? Double.NaN : Math.scalb(1.0, code - 127);
          });
      case INT8 -> wholes(i -> data.get(ValueLayout.JAVA_BYTE, i));
      case UINT8 -> wholes(i -> data.get(ValueLayout.JAVA_BYTE, i) & 0xff);
      case BOOL -> wholes(i -> data.get(ValueLayout.JAVA_BYTE, i) == 0 ? 0 : 1);
      case INT16 -> wholes(i -> data.getAtIndex(Tensor.SHORTS, i));
      case UINT16 -> wholes(i -> data.getAtIndex(Tensor.SHORTS, i) & 0xffff);
      case INT32 -> wholes(i -> data.getAtIndex(Tensor.INTS, i));
      case UINT32 -> wholes(i -> Integer.toUnsignedLong(data.getAtIndex(Tensor.INTS, i)));
      case INT64 -> wholes(i -> data.getAtIndex(Tensor.LONGS, i));
      case UINT64 ->
          new Reader() {
            @Override
            public double real(long index) {
              long bits = integer(index);
              return bits >= 0 ? bits : (double) (bits >>> 1 | bits & 1) * 2;
            }

            @Override
            public long integer(long index) {
              return data.getAtIndex(Tensor.LONGS, index);
            }
          };
      case UINT4 -> wholes(i -> code(data, i, 4));
      case INT4 -> wholes(i -> code(data, i, 4) << 28 >> 28);
      case UINT2 -> wholes(i -> code(data, i, 2));
      case INT2 -> wholes(i -> code(data, i, 2) << 30 >> 30);
      case STRING, COMPLEX64, COMPLEX128 ->
          throw new IllegalStateException(
              "a tensor of " + type + " read as numbers (expected: a real, integer or bool type)");
    };
  }

  /** The {@code width} bits of element {@code index}, packed from the lowest bit upwards. */
  private static int code(MemorySegment data, long index, int width) {
    long bit = index * width;
    int at = (int) (bit & 7);
    int bits = data.get(ValueLayout.JAVA_BYTE, bit >>> 3) & 0xff;
    if (at + width > 8) {
      bits |= (data.get(ValueLayout.JAVA_BYTE, (bit >>> 3) + 1) & 0xff) << 8;
    }
    return bits >>> at & (1 << width) - 1;
  }

  /** What the extreme codes of a small floating type mean. */
  private enum Special {
    /** Infinities and NaNs as in IEEE 754. */
    IEEE,
    /** No infinity; all ones is NaN. */
    NAN_ONLY,
    /** No infinity; the code of minus zero is NaN. */
    UNSIGNED_ZERO,
    /** Every code is a number. */
    NONE
  }

  private static double minifloat(
      int code, int exponentBits, int mantissaBits, int bias, Special special) {
    int sign = code >>> (exponentBits + mantissaBits);
    int exponent = code >>> mantissaBits & (1 << exponentBits) - 1;
    int mantissa = code & (1 << mantissaBits) - 1;
    boolean top = exponent == (1 << exponentBits) - 1;
    if (special == Special.IEEE && top) {
      return mantissa != 0
          ? Double.NaN
          : sign == 0 ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY;
    }
    if ((special == Special.NAN_ONLY && top && mantissa == (1 << mantissaBits) - 1)
        || (special == Special.UNSIGNED_ZERO && sign == 1 && exponent == 0 && mantissa == 0)) {
      return Double.NaN;
    }
    double magnitude =
        exponent == 0
            ? Math.scalb((double) mantissa, 1 - bias - mantissaBits)
            : Math.scalb((double) (mantissa | 1 << mantissaBits), exponent - bias - mantissaBits);
    return sign == 0 ? magnitude : -magnitude;
  }

  private static Reader reals(Real real) {
    return new Reader() {
      @Override
      public double real(long index) {
        return real.at(index);
      }

      @Override
      public long integer(long index) {
        return (long) real.at(index);
      }
    };
  }

  private static Reader wholes(Whole whole) {
    return new Reader() {
      @Override
      public double real(long index) {
        return whole.at(index);
      }

      @Override
      public long integer(long index) {
        return whole.at(index);
      }
    };
  }
}
