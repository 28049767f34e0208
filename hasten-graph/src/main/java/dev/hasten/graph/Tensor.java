package dev.hasten.graph;

import com.google.protobuf.ByteString;
import dev.hasten.graph.wire.OnnxWire.TensorProto;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An immutable tensor: type, dimensions and little-endian data in a read-only {@link
 * MemorySegment}, which for a model read from a file is a slice of the mapped file. Tensors are
 * shared between models. Strings are kept apart from the segment, which is then empty.
 */
public final class Tensor {
  static final ValueLayout.OfFloat FLOATS =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfDouble DOUBLES =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfLong LONGS =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfInt INTS =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfShort SHORTS =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Above this many bytes new data go outside the Java heap. */
  private static final long HEAP_BYTES = 1 << 16;

  private final DataType type;
  private final List<Long> dims;
  private final long size;
  private final List<ByteString> texts;
  private final @Nullable TensorProto origin;
  private volatile @Nullable MemorySegment data;

  private Tensor(
      DataType type,
      List<Long> dims,
      @Nullable MemorySegment data,
      List<ByteString> texts,
      @Nullable TensorProto origin) {
    this.type = type;
    this.dims = List.copyOf(dims);
    this.size = sizeOf(this.dims);
    this.texts = texts;
    this.origin = origin;
    this.data = data == null ? null : data.asReadOnly();
    if (type == DataType.STRING) {
      if (texts.size() != size) {
        throw new IllegalArgumentException(
            texts.size() + " strings (expected: " + size + " for dimensions " + dims + ")");
      }
    } else if (data != null && data.byteSize() != type.bytes(size)) {
      throw new IllegalArgumentException(
          "%d bytes of data (expected: %d for %s%s)"
              .formatted(data.byteSize(), type.bytes(size), type, dims));
    }
  }

  /** Number of elements; fails on a negative dimension or an overflow. */
  static long sizeOf(List<Long> dims) {
    long size = 1;
    boolean empty = false;
    for (long dim : dims) {
      if (dim < 0) {
        throw new IllegalArgumentException("dimensions " + dims + " (expected: each >= 0)");
      }
      empty |= dim == 0;
    }
    if (empty) {
      return 0;
    }
    for (long dim : dims) {
      if (Math.multiplyHigh(size, dim) != 0 || size * dim < 0 || size * dim > Long.MAX_VALUE / 16) {
        throw new IllegalArgumentException(
            "dimensions " + dims + " (expected: fewer than 2^59 elements)");
      }
      size *= dim;
    }
    return size;
  }

  /**
   * A tensor as it stood in a file; {@code data} null means: decode the typed fields when asked.
   */
  static Tensor wired(
      DataType type, List<Long> dims, @Nullable MemorySegment data, TensorProto origin) {
    return new Tensor(type, dims, data, origin.getStringDataList(), origin);
  }

  /** The data are copied. */
  public static Tensor floats(float[] data, long... dims) {
    requireLength(data.length, dims);
    return build(DataType.FLOAT, dims, s -> s.copyFrom(littleEndian(data)));
  }

  /** The data are copied. */
  public static Tensor doubles(double[] data, long... dims) {
    requireLength(data.length, dims);
    return build(
        DataType.DOUBLE,
        dims,
        s -> {
          for (int i = 0; i < data.length; i++) {
            s.setAtIndex(DOUBLES, i, data[i]);
          }
        });
  }

  /** The data are copied. */
  public static Tensor longs(long[] data, long... dims) {
    requireLength(data.length, dims);
    return build(
        DataType.INT64,
        dims,
        s -> {
          for (int i = 0; i < data.length; i++) {
            s.setAtIndex(LONGS, i, data[i]);
          }
        });
  }

  /** The data are copied. */
  public static Tensor ints(int[] data, long... dims) {
    requireLength(data.length, dims);
    return build(
        DataType.INT32,
        dims,
        s -> {
          for (int i = 0; i < data.length; i++) {
            s.setAtIndex(INTS, i, data[i]);
          }
        });
  }

  /** Raw bytes as ONNX lays them out (little-endian; packed below 8 bits). They are copied. */
  public static Tensor bytes(DataType type, byte[] data, long... dims) {
    long bytes = type.bytes(sizeOf(boxed(dims)));
    if (data.length != bytes) {
      throw new IllegalArgumentException(
          "%d bytes of data (expected: %d for %s%s)"
              .formatted(data.length, bytes, type, boxed(dims)));
    }
    return build(type, dims, s -> s.copyFrom(MemorySegment.ofArray(data)));
  }

  /** A tensor of strings. */
  public static Tensor strings(List<String> strings, long... dims) {
    return new Tensor(
        DataType.STRING,
        boxed(dims),
        MemorySegment.ofArray(new byte[0]),
        strings.stream().map(ByteString::copyFromUtf8).toList(),
        null);
  }

  public static Tensor scalar(float value) {
    return floats(new float[] {value});
  }

  public static Tensor scalar(long value) {
    return longs(new long[] {value});
  }

  /** Takes the segment as it is, without a copy: nobody may write to it afterwards. */
  public static Tensor of(DataType type, MemorySegment data, long... dims) {
    return new Tensor(type, boxed(dims), data, List.of(), null);
  }

  /**
   * Makes room for a tensor, lets {@code writer} fill it, and closes it for writing. Large data
   * live outside the Java heap and are freed with the tensor.
   */
  public static Tensor build(DataType type, long[] dims, Consumer<MemorySegment> writer) {
    long bytes = type.bytes(sizeOf(boxed(dims)));
    MemorySegment segment = room(bytes);
    writer.accept(segment);
    return of(type, segment, dims);
  }

  static MemorySegment room(long bytes) {
    return bytes <= HEAP_BYTES
        ? MemorySegment.ofArray(new byte[(int) bytes])
        : Arena.ofAuto().allocate(bytes, 64);
  }

  private static void requireLength(int length, long[] dims) {
    long size = sizeOf(boxed(dims));
    if (length != size) {
      throw new IllegalArgumentException(
          length + " elements (expected: " + size + " for dimensions " + boxed(dims) + ")");
    }
  }

  private static MemorySegment littleEndian(float[] data) {
    MemorySegment segment = MemorySegment.ofArray(data);
    if (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN) {
      return segment;
    }
    MemorySegment swapped = MemorySegment.ofArray(new byte[data.length * 4]);
    for (int i = 0; i < data.length; i++) {
      swapped.setAtIndex(FLOATS, i, data[i]);
    }
    return swapped;
  }

  private static List<Long> boxed(long[] dims) {
    return Arrays.stream(dims).boxed().toList();
  }

  public DataType type() {
    return type;
  }

  /** The dimensions; empty for a scalar. */
  public List<Long> dims() {
    return dims;
  }

  /** One dimension; a negative axis counts from the end. */
  public long dim(int axis) {
    return dims.get(axis < 0 ? axis + dims.size() : axis);
  }

  public int rank() {
    return dims.size();
  }

  /** Number of elements. */
  public long size() {
    return size;
  }

  /** Bytes of the data as ONNX lays them out in raw form; for strings the sum of their bytes. */
  public long byteSize() {
    return type == DataType.STRING
        ? texts.stream().mapToLong(ByteString::size).sum()
        : type.bytes(size);
  }

  /** The data: little-endian, row-major, read-only, unaligned; empty for strings. */
  public MemorySegment data() {
    MemorySegment ready = data;
    if (ready == null) {
      // Two threads may both decode: same content, the last one stays.
      ready =
          origin == null
              ? MemorySegment.ofArray(new byte[0])
              : TypedData.decode(origin, type, size).asReadOnly();
      data = ready;
    }
    return ready;
  }

  /** The strings; empty for other types. */
  public List<String> strings() {
    return texts.stream().map(ByteString::toStringUtf8).toList();
  }

  /**
   * The elements as floats, converted from any real, integer or boolean type.
   *
   * @throws IllegalStateException for strings, complex numbers, and more elements than an array
   *     holds
   */
  public float[] toFloats() {
    float[] out = new float[arrayLength()];
    if (type == DataType.FLOAT) {
      MemorySegment.copy(data(), FLOATS, 0, out, 0, out.length);
      return out;
    }
    Elements.Reader reader = Elements.reader(type, data());
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) reader.real(i);
    }
    return out;
  }

  /** As {@link #toFloats()}, in double precision. */
  public double[] toDoubles() {
    double[] out = new double[arrayLength()];
    Elements.Reader reader = Elements.reader(type, data());
    for (int i = 0; i < out.length; i++) {
      out[i] = reader.real(i);
    }
    return out;
  }

  /** The elements as longs; reals are cut off towards zero, 64-bit unsigned ones wrap around. */
  public long[] toLongs() {
    long[] out = new long[arrayLength()];
    Elements.Reader reader = Elements.reader(type, data());
    for (int i = 0; i < out.length; i++) {
      out[i] = reader.integer(i);
    }
    return out;
  }

  private int arrayLength() {
    if (size > Integer.MAX_VALUE - 8) {
      throw new IllegalStateException(
          this + " has " + size + " elements (expected: fewer than 2^31; read data() instead)");
    }
    return (int) size;
  }

  /** The same data under other dimensions of the same size; nothing is copied. */
  public Tensor reshape(long... newDims) {
    return new Tensor(type, boxed(newDims), type == DataType.STRING ? null : data(), texts, null);
  }

  /** Same type, dimensions and bits. */
  public boolean contentEquals(Tensor other) {
    return this == other
        || (type == other.type
            && dims.equals(other.dims)
            && texts.equals(other.texts)
            && data().mismatch(other.data()) < 0);
  }

  List<ByteString> texts() {
    return texts;
  }

  @Nullable TensorProto origin() {
    return origin;
  }

  /** Type and dimensions, and the content where it is short: {@code int64[2]{3, -1}}. */
  @Override
  public String toString() {
    String head = type + (dims.isEmpty() ? "" : dims.toString().replace(" ", ""));
    if (size > 8) {
      return head;
    }
    if (type == DataType.STRING) {
      return head + strings();
    }
    if (!Elements.readable(type)) {
      return head;
    }
    List<String> shown = new ArrayList<>();
    Elements.Reader reader = Elements.reader(type, data());
    for (int i = 0; i < size; i++) {
      shown.add(
          type.isFloating()
              ? Float.toString((float) reader.real(i))
              : Long.toString(reader.integer(i)));
    }
    return head + "{" + String.join(", ", shown) + "}";
  }
}
