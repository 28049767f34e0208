package dev.hasten.runtime;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The elements of an {@code .npy} file, to and from ours. */
final class NpyElements {
  private NpyElements() {}

  /** How the file holds one element. */
  private record Layout(ElementType type, char kind, int bytes, boolean swapped) {}

  static NdArray read(String name, NpyHeader header, InputStream in) throws IOException {
    Layout layout = layout(name, header.descriptor());
    int size = header.size(name, layout.bytes());
    int expected = size * layout.bytes();
    // Grows with what is really there, not with what the header claims.
    byte[] bytes = in.readNBytes(expected);
    if (bytes.length < expected) {
      throw new BadInputException(
          name
              + ": "
              + bytes.length
              + " bytes of elements (expected: "
              + expected
              + " for shape "
              + Arrays.toString(header.shape())
              + "; the file is cut off)");
    }
    NdArray array =
        layout.type() == ElementType.STRING
            ? strings(layout, bytes, header.shape())
            : numbers(layout, bytes, header.shape());
    return header.columnMajor() ? toRowMajor(array) : array;
  }

  private static Layout layout(String name, String descriptor) {
    if (descriptor.matches("[<>|=][fiubSU?][0-9]{0,6}")) {
      char order = descriptor.charAt(0);
      char kind = descriptor.charAt(1);
      int width = descriptor.length() > 2 ? Integer.parseInt(descriptor.substring(2)) : 1;
      boolean little = order == '<' || (order != '>' && Npy.nativeIsLittle());
      ElementType type = type(kind, width);
      if (type != null) {
        int bytes = kind == 'U' ? Math.multiplyExact(4, width) : width;
        return new Layout(type, kind, bytes, little != Npy.nativeIsLittle());
      }
    }
    throw new BadInputException(
        name
            + ": elements of type '"
            + descriptor
            + "' (expected: numbers, booleans or text, such as <f4, <i8, |b1, <U16"
            + (descriptor.contains("O") ? "; save with allow_pickle=False" : "")
            + ")");
  }

  private static @Nullable ElementType type(char kind, int width) {
    return switch (kind + Integer.toString(width)) {
      case "f2" -> ElementType.FLOAT16;
      case "f4" -> ElementType.FLOAT;
      case "f8" -> ElementType.DOUBLE;
      case "i1" -> ElementType.INT8;
      case "i2" -> ElementType.INT16;
      case "i4" -> ElementType.INT32;
      case "i8" -> ElementType.INT64;
      case "u1" -> ElementType.UINT8;
      case "u2" -> ElementType.UINT16;
      case "u4" -> ElementType.UINT32;
      case "u8" -> ElementType.UINT64;
      case "b1", "?1" -> ElementType.BOOL;
      default -> kind == 'S' || kind == 'U' ? ElementType.STRING : null;
    };
  }

  private static NdArray numbers(Layout layout, byte[] bytes, long[] shape) {
    if (layout.swapped()) {
      for (int at = 0; at < bytes.length; at += layout.bytes()) {
        for (int i = 0, j = layout.bytes() - 1; i < j; i++, j--) {
          byte b = bytes[at + i];
          bytes[at + i] = bytes[at + j];
          bytes[at + j] = b;
        }
      }
    }
    return NdArray.of(layout.type(), ByteBuffer.wrap(bytes), shape);
  }

  private static NdArray strings(Layout layout, byte[] bytes, long[] shape) {
    ByteOrder order =
        layout.swapped() == Npy.nativeIsLittle() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    ByteBuffer data = ByteBuffer.wrap(bytes).order(order);
    int count = 1;
    for (long n : shape) {
      count *= (int) n;
    }
    List<String> strings = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int at = i * layout.bytes();
      strings.add(
          layout.kind() == 'U'
              ? unicode(data, at, layout.bytes())
              : ascii(data, at, layout.bytes()));
    }
    return NdArray.strings(strings, shape);
  }

  /** Four bytes a character; zeros at the end are padding. */
  private static String unicode(ByteBuffer data, int at, int bytes) {
    StringBuilder text = new StringBuilder();
    int end = bytes;
    while (end > 0 && data.getInt(at + end - 4) == 0) {
      end -= 4;
    }
    for (int i = 0; i < end; i += 4) {
      int codePoint = data.getInt(at + i);
      text.appendCodePoint(Character.isValidCodePoint(codePoint) ? codePoint : 0xFFFD);
    }
    return text.toString();
  }

  private static String ascii(ByteBuffer data, int at, int bytes) {
    int end = bytes;
    while (end > 0 && data.get(at + end - 1) == 0) {
      end--;
    }
    return new String(data.array(), at, end, StandardCharsets.UTF_8);
  }

  /** Of an array whose elements lie in column-major order, the same array in row-major order. */
  private static NdArray toRowMajor(NdArray array) {
    long[] shape = array.shape();
    int rank = shape.length;
    if (rank < 2 || array.size() == 0) {
      return array;
    }
    int[] from = new int[array.size()];
    long[] index = new long[rank];
    for (int to = 0; to < from.length; to++) {
      long offset = 0;
      for (int axis = rank - 1; axis >= 0; axis--) {
        offset = offset * shape[axis] + index[axis];
      }
      from[to] = (int) offset;
      for (int axis = rank - 1; axis >= 0 && ++index[axis] == shape[axis]; axis--) {
        index[axis] = 0;
      }
    }
    if (array.type() == ElementType.STRING) {
      List<String> all = array.strings();
      return NdArray.strings(Arrays.stream(from).mapToObj(all::get).toList(), shape);
    }
    int bytes = array.type().bytes();
    ByteBuffer source = array.data();
    ByteBuffer target = ByteBuffer.allocate(from.length * bytes).order(ByteOrder.nativeOrder());
    for (int to = 0; to < from.length; to++) {
      target.put(to * bytes, source, from[to] * bytes, bytes);
    }
    return NdArray.of(array.type(), target, shape);
  }

  static String descriptor(NdArray array) {
    return switch (array.type()) {
      case FLOAT16 -> "<f2";
      case FLOAT -> "<f4";
      case DOUBLE -> "<f8";
      case INT8 -> "|i1";
      case INT16 -> "<i2";
      case INT32 -> "<i4";
      case INT64 -> "<i8";
      case UINT8 -> "|u1";
      case UINT16 -> "<u2";
      case UINT32 -> "<u4";
      case UINT64 -> "<u8";
      case BOOL -> "|b1";
      case STRING -> "<U" + width(array);
      case BFLOAT16 ->
          throw new BadInputException("type: bfloat16 (expected: a type that NumPy has)");
    };
  }

  private static int width(NdArray array) {
    return array.strings().isEmpty()
        ? 1
        : Math.max(
            1,
            Collections.max(
                array.strings().stream().map(s -> s.codePointCount(0, s.length())).toList()));
  }

  static ByteBuffer littleEndian(NdArray array) {
    if (array.type() == ElementType.STRING) {
      int width = width(array);
      ByteBuffer data =
          ByteBuffer.allocate(Math.multiplyExact(4 * width, array.size()))
              .order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < array.size(); i++) {
        int[] codePoints = array.strings().get(i).codePoints().toArray();
        for (int c = 0; c < codePoints.length; c++) {
          data.putInt(4 * (i * width + c), codePoints[c]);
        }
      }
      return data;
    }
    ByteBuffer data = array.data();
    if (Npy.nativeIsLittle()) {
      return data;
    }
    throw new EnvironmentException(".npy files are written on little-endian machines only");
  }
}
