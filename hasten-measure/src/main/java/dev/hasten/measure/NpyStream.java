package dev.hasten.measure;

import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.ElementType;
import dev.hasten.runtime.NdArray;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One {@code .npy} array, read row by row along its first axis. The format is NumPy's NEP 1: magic,
 * version, header length, a Python dictionary, the elements.
 */
final class NpyStream implements AutoCloseable {
  private static final int MAX_HEADER = 1 << 20;
  private static final Pattern DESCR = Pattern.compile("'descr':\\s*'([^']*)'");
  private static final Pattern FORTRAN = Pattern.compile("'fortran_order':\\s*(True|False)");
  private static final Pattern SHAPE = Pattern.compile("'shape':\\s*\\(([0-9, ]*)\\)");

  private final String name;
  private final DataInputStream in;
  private final String descr;
  private final long[] shape;
  private final int elementBytes;

  private NpyStream(String name, DataInputStream in, String descr, long[] shape) {
    this.name = name;
    this.in = in;
    this.descr = descr;
    this.shape = shape;
    this.elementBytes = elementBytes();
  }

  static NpyStream open(String name, InputStream stream) throws IOException {
    DataInputStream in = new DataInputStream(stream);
    byte[] magic = in.readNBytes(8);
    if (magic.length < 8 || (magic[0] & 0xff) != 0x93 || magic[1] != 'N') {
      throw new BadInputException(name + ": not a NumPy array (expected: magic \\x93NUMPY)");
    }
    long length =
        magic[6] == 1
            ? Short.toUnsignedInt(Short.reverseBytes(in.readShort()))
            : Integer.toUnsignedLong(Integer.reverseBytes(in.readInt()));
    if (length > MAX_HEADER) {
      throw new BadInputException(name + ": a header of " + length + " bytes (expected: < 1 MiB)");
    }
    String header = new String(in.readNBytes((int) length), StandardCharsets.UTF_8);
    String descr = find(DESCR, header, name);
    String sizes = find(SHAPE, header, name);
    long[] shape =
        Arrays.stream(sizes.split(","))
            .map(String::strip)
            .filter(s -> !s.isEmpty())
            .mapToLong(Long::parseLong)
            .toArray();
    if (find(FORTRAN, header, name).equals("True") && shape.length > 1) {
      throw new BadInputException(
          name + ": in Fortran order (expected: C order); save np.ascontiguousarray(array)");
    }
    if (shape.length == 0) {
      throw new BadInputException(
          name + ": a scalar (expected: an array whose first axis counts the examples)");
    }
    return new NpyStream(name, in, descr, shape);
  }

  private static String find(Pattern pattern, String header, String name) {
    Matcher matcher = pattern.matcher(header);
    if (!matcher.find()) {
      throw new BadInputException(
          name + ": header " + header.strip() + " (expected: a plain array of numbers or texts)");
    }
    return matcher.group(1);
  }

  long rows() {
    return shape[0];
  }

  /** The next row: an {@link NdArray}, or a String for one-dimensional text. */
  Object next() throws IOException {
    long count = 1;
    for (int i = 1; i < shape.length; i++) {
      count = Math.multiplyExact(count, shape[i]);
    }
    long size = Math.multiplyExact(count, elementBytes);
    if (size > Integer.MAX_VALUE) {
      throw new BadInputException(name + ": a row of " + size + " bytes (expected: < 2 GiB)");
    }
    byte[] bytes = in.readNBytes((int) size);
    if (bytes.length < size) {
      throw new EOFException(name + ": ends early (expected: " + shape[0] + " rows)");
    }
    long[] rest = Arrays.copyOfRange(shape, 1, shape.length);
    if (isText()) {
      return textRow(bytes, (int) count, rest);
    }
    ByteBuffer data =
        ByteBuffer.allocate(bytes.length).order(ByteOrder.nativeOrder()).put(bytes).flip();
    return NdArray.of(type(), data, rest);
  }

  private Object textRow(byte[] bytes, int count, long[] rest) {
    String[] texts = new String[count];
    for (int i = 0; i < count; i++) {
      int from = i * elementBytes;
      texts[i] =
          descr.charAt(1) == 'U'
              ? utf32(bytes, from)
              : trimmed(new String(bytes, from, elementBytes, StandardCharsets.UTF_8));
    }
    return rest.length == 0 ? texts[0] : NdArray.strings(Arrays.asList(texts), rest);
  }

  private String utf32(byte[] bytes, int from) {
    ByteBuffer points = ByteBuffer.wrap(bytes, from, elementBytes).order(ByteOrder.LITTLE_ENDIAN);
    StringBuilder text = new StringBuilder();
    while (points.remaining() >= 4) {
      text.appendCodePoint(points.getInt());
    }
    return trimmed(text.toString());
  }

  /** NumPy pads texts of an array with NUL. */
  private static String trimmed(String padded) {
    int end = padded.length();
    while (end > 0 && padded.charAt(end - 1) == 0) {
      end--;
    }
    return padded.substring(0, end);
  }

  private boolean isText() {
    return descr.length() > 2 && (descr.charAt(1) == 'U' || descr.charAt(1) == 'S');
  }

  private int elementBytes() {
    if (isText()) {
      if (descr.charAt(0) == '>') {
        throw bigEndian();
      }
      int width = Integer.parseInt(descr.substring(2));
      return descr.charAt(1) == 'U' ? 4 * width : width;
    }
    return type().bytes();
  }

  private ElementType type() {
    if (descr.startsWith(">")) {
      throw bigEndian();
    }
    return switch (descr.substring(Math.min(1, descr.length()))) {
      case "f4" -> ElementType.FLOAT;
      case "f8" -> ElementType.DOUBLE;
      case "f2" -> ElementType.FLOAT16;
      case "i1" -> ElementType.INT8;
      case "u1" -> ElementType.UINT8;
      case "i2" -> ElementType.INT16;
      case "u2" -> ElementType.UINT16;
      case "i4" -> ElementType.INT32;
      case "u4" -> ElementType.UINT32;
      case "i8" -> ElementType.INT64;
      case "u8" -> ElementType.UINT64;
      case "b1" -> ElementType.BOOL;
      default ->
          throw new BadInputException(
              name
                  + ": elements of type "
                  + descr
                  + " (expected: floats, integers, bool or fixed-width text); convert with"
                  + " .astype(...)");
    };
  }

  private BadInputException bigEndian() {
    return new BadInputException(
        name + ": big-endian (expected: little-endian); save array.astype('<f4') or the like");
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
