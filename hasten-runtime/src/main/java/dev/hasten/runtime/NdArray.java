package dev.hasten.runtime;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A tensor of data: type, shape and elements in row-major order. Not to be changed once made; the
 * factories that take Java arrays copy them.
 */
public final class NdArray {
  private final ElementType type;
  private final long[] shape;
  private final int size;
  private final @Nullable ByteBuffer data;
  private final @Nullable List<String> strings;

  private NdArray(
      ElementType type,
      long[] shape,
      int size,
      @Nullable ByteBuffer data,
      @Nullable List<String> strings) {
    this.type = type;
    this.shape = shape;
    this.size = size;
    this.data = data;
    this.strings = strings;
  }

  /**
   * Takes the buffer from its position to its limit, without copying, as elements in native byte
   * order. Whoever writes to it afterwards changes this array. No shape means: one axis.
   */
  public static NdArray of(ElementType type, ByteBuffer data, long... shape) {
    if (type == ElementType.STRING) {
      throw new BadInputException("type: string (expected: a type of fixed size; use strings())");
    }
    ByteBuffer own = data.slice().order(ByteOrder.nativeOrder());
    int count = own.remaining() / type.bytes();
    long[] dims = dims(count, shape);
    if ((long) count * type.bytes() != own.remaining()) {
      throw new BadInputException(
          "data: " + own.remaining() + " bytes (expected: a multiple of " + type.bytes() + ")");
    }
    return new NdArray(type, dims, count, own, null);
  }

  public static NdArray floats(float[] elements, long... shape) {
    ByteBuffer data = allocate(ElementType.FLOAT, elements.length);
    data.asFloatBuffer().put(elements);
    return of(ElementType.FLOAT, data, shape);
  }

  public static NdArray doubles(double[] elements, long... shape) {
    ByteBuffer data = allocate(ElementType.DOUBLE, elements.length);
    data.asDoubleBuffer().put(elements);
    return of(ElementType.DOUBLE, data, shape);
  }

  public static NdArray longs(long[] elements, long... shape) {
    ByteBuffer data = allocate(ElementType.INT64, elements.length);
    data.asLongBuffer().put(elements);
    return of(ElementType.INT64, data, shape);
  }

  public static NdArray ints(int[] elements, long... shape) {
    ByteBuffer data = allocate(ElementType.INT32, elements.length);
    data.asIntBuffer().put(elements);
    return of(ElementType.INT32, data, shape);
  }

  public static NdArray booleans(boolean[] elements, long... shape) {
    ByteBuffer data = allocate(ElementType.BOOL, elements.length);
    for (int i = 0; i < elements.length; i++) {
      data.put(i, (byte) (elements[i] ? 1 : 0));
    }
    return of(ElementType.BOOL, data, shape);
  }

  public static NdArray strings(List<String> elements, long... shape) {
    long[] dims = dims(elements.size(), shape);
    return new NdArray(ElementType.STRING, dims, elements.size(), null, List.copyOf(elements));
  }

  public ElementType type() {
    return type;
  }

  /** A copy. */
  public long[] shape() {
    return shape.clone();
  }

  public int rank() {
    return shape.length;
  }

  /** Size of one axis. */
  public long dimension(int axis) {
    return shape[axis];
  }

  /** Number of elements. */
  public int size() {
    return size;
  }

  /** The elements in native byte order: a read-only view from the first to the last. */
  public ByteBuffer bytes() {
    return data().asReadOnlyBuffer().order(ByteOrder.nativeOrder());
  }

  /** The elements of a {@link ElementType#STRING} array. */
  public List<String> strings() {
    if (strings == null) {
      throw new IllegalStateException("strings() of an array of " + type);
    }
    return strings;
  }

  /** The same elements under another shape. */
  public NdArray reshape(long... to) {
    return new NdArray(type, dims(size, to), size, data, strings);
  }

  /** Elements {@code index} of the first axis, that axis left out; shares the elements. */
  public NdArray row(int index) {
    if (shape.length == 0) {
      throw new IllegalStateException("row() of a scalar");
    }
    Objects.checkIndex(index, (int) shape[0]);
    long[] rest = Arrays.copyOfRange(shape, 1, shape.length);
    int count = (int) (size / shape[0]);
    if (strings != null) {
      return new NdArray(
          type, rest, count, null, strings.subList(index * count, (index + 1) * count));
    }
    int bytes = count * type.bytes();
    ByteBuffer part = data().slice(index * bytes, bytes).order(ByteOrder.nativeOrder());
    return new NdArray(type, rest, count, part, null);
  }

  /** The elements as {@code float}, converted from any numeric type. */
  public float[] toFloats() {
    return Elements.floats(type, data(), size);
  }

  /** The elements as {@code double}, converted from any numeric type. */
  public double[] toDoubles() {
    return Elements.doubles(type, data(), size);
  }

  /** The elements as {@code long}, converted from any numeric type; fractions are cut off. */
  public long[] toLongs() {
    return Elements.longs(type, data(), size);
  }

  /** Equal type, shape and bits. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof NdArray that
        && type == that.type
        && Arrays.equals(shape, that.shape)
        && Objects.equals(data, that.data)
        && Objects.equals(strings, that.strings);
  }

  @Override
  public int hashCode() {
    return Objects.hash(type, Arrays.hashCode(shape), data, strings);
  }

  /** Type and shape: {@code float[2, 384]}. */
  @Override
  public String toString() {
    return type + Arrays.toString(shape);
  }

  /** Memory of the elements; of strings, two bytes a character and what an object takes. */
  long heldBytes() {
    if (strings == null) {
      return (long) size * type.bytes();
    }
    return strings.stream().mapToLong(text -> 40 + 2L * text.length()).sum();
  }

  /** The elements themselves, writable: for this package, which keeps its promise not to. */
  ByteBuffer data() {
    if (data == null) {
      throw new IllegalStateException("bytes of an array of strings");
    }
    return data.duplicate().order(ByteOrder.nativeOrder());
  }

  private static ByteBuffer allocate(ElementType type, int count) {
    return ByteBuffer.allocate(Math.multiplyExact(count, type.bytes()))
        .order(ByteOrder.nativeOrder());
  }

  /** Copies and checks a shape; none given means one axis, unless there is just one element. */
  private static long[] dims(int count, long[] shape) {
    long[] dims = shape.length == 0 && count != 1 ? new long[] {count} : shape.clone();
    long product = 1;
    for (long n : dims) {
      if (n < 0) {
        throw new BadInputException("shape: " + Arrays.toString(shape) + " (expected: sizes >= 0)");
      }
      // Saturated rather than overflowing: no array holds that many anyway.
      product = n != 0 && product > Long.MAX_VALUE / n ? Long.MAX_VALUE : product * n;
    }
    if (product != count) {
      throw new BadInputException(
          "shape: "
              + Arrays.toString(shape)
              + " holds "
              + product
              + " elements (expected: "
              + count
              + ")");
    }
    return dims;
  }
}
