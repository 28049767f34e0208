package dev.hasten.serve.protocol;

import dev.hasten.runtime.ElementType;
import dev.hasten.runtime.NdArray;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Tensors as bytes: elements little-endian in row-major order; elements of type BYTES each with
 * their length before them, 4 bytes little-endian.
 */
public final class RawTensors {
  private static final int LENGTH_BYTES = 4;

  /** Most axes of a tensor; the runtime takes no more. */
  private static final int MOST_AXES = 64;

  private RawTensors() {}

  /**
   * Number of elements of a shape that a client declares. Nothing is allocated for it: the caller
   * holds it against the bytes that really came.
   *
   * @throws ProtocolException if a size or the product is no int of at least 0
   */
  public static int elements(String tensor, long[] shape) {
    if (shape.length > MOST_AXES) {
      throw ProtocolException.invalid(
          "input '%s': %d axes (expected: at most %d)"
              .formatted(Texts.brief(tensor), shape.length, MOST_AXES));
    }
    long product = 1;
    boolean empty = false;
    for (long size : shape) {
      // Also where another axis is 0: who counts rows takes a size for an int.
      if (size < 0 || size > Integer.MAX_VALUE) {
        throw ProtocolException.invalid(
            "input '%s': shape %s (expected: sizes of 0 to %d)"
                .formatted(
                    Texts.brief(tensor), java.util.Arrays.toString(shape), Integer.MAX_VALUE));
      }
      empty |= size == 0;
      // Saturated rather than overflowing: no tensor has that many elements anyway.
      product =
          product > Long.MAX_VALUE / Math.max(1, size)
              ? Long.MAX_VALUE
              : product * Math.max(1, size);
    }
    if (empty) {
      return 0;
    }
    if (product > Integer.MAX_VALUE) {
      throw ProtocolException.of(
          ProtocolException.Kind.TOO_LARGE,
          "input '%s': shape %s has too many elements (expected: at most %d)"
              .formatted(Texts.brief(tensor), java.util.Arrays.toString(shape), Integer.MAX_VALUE));
    }
    return (int) product;
  }

  /**
   * Reads a tensor.
   *
   * @param bytes exactly those of the tensor
   * @throws ProtocolException if they are not what type and shape ask for
   */
  public static NdArray read(String tensor, Datatype datatype, long[] shape, ByteBuffer bytes) {
    int count = elements(tensor, shape);
    if (datatype == Datatype.BYTES) {
      return NdArray.strings(strings(tensor, count, bytes), shape);
    }
    long wanted = (long) count * datatype.element().bytes();
    if (wanted != bytes.remaining()) {
      throw ProtocolException.invalid(
          "input '%s': %d bytes (expected: %d for %s of shape %s)"
              .formatted(
                  Texts.brief(tensor),
                  bytes.remaining(),
                  wanted,
                  datatype,
                  java.util.Arrays.toString(shape)));
    }
    return NdArray.of(datatype.element(), nativeOrder(datatype.element(), bytes), shape);
  }

  private static List<String> strings(String tensor, int count, ByteBuffer bytes) {
    // A string of no characters still has its length: what was declared is held against that.
    if ((long) count * LENGTH_BYTES > bytes.remaining()) {
      throw ProtocolException.invalid(
          "input '%s': %d bytes are too few for %d elements"
              .formatted(Texts.brief(tensor), bytes.remaining(), count));
    }
    ByteBuffer in = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
    List<String> strings = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      int length = in.remaining() < LENGTH_BYTES ? -1 : in.getInt();
      if (length < 0 || length > in.remaining()) {
        throw ProtocolException.invalid(
            "input '%s': element %d is cut off".formatted(Texts.brief(tensor), i));
      }
      strings.add(text(tensor, in.slice(in.position(), length)));
      in.position(in.position() + length);
    }
    if (in.hasRemaining()) {
      throw ProtocolException.invalid(
          "input '%s': %d bytes behind the last of %d elements"
              .formatted(Texts.brief(tensor), in.remaining(), count));
    }
    return strings;
  }

  /** Models know text, not bytes: what is not UTF-8 cannot be given to them. */
  static String text(String tensor, ByteBuffer utf8) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT)
          .decode(utf8)
          .toString();
    } catch (CharacterCodingException e) {
      throw ProtocolException.invalid(
          "input '%s': an element is not UTF-8 text".formatted(Texts.brief(tensor)));
    }
  }

  /** The elements of a tensor, little-endian. */
  static ByteBuffer write(NdArray tensor) {
    if (tensor.type() == ElementType.STRING) {
      List<byte[]> elements =
          tensor.strings().stream().map(s -> s.getBytes(StandardCharsets.UTF_8)).toList();
      int size = elements.stream().mapToInt(e -> e.length + LENGTH_BYTES).sum();
      ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
      elements.forEach(e -> out.putInt(e.length).put(e));
      return out.flip();
    }
    return nativeOrder(tensor.type(), tensor.bytes());
  }

  /** As the bytes are on all but a few machines; there each element is turned round. */
  private static ByteBuffer nativeOrder(ElementType type, ByteBuffer bytes) {
    if (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN || type.bytes() == 1) {
      return bytes;
    }
    int width = type.bytes();
    ByteBuffer turned = ByteBuffer.allocate(bytes.remaining());
    for (int i = bytes.position(); i < bytes.limit(); i += width) {
      for (int b = width - 1; b >= 0; b--) {
        turned.put(bytes.get(i + b));
      }
    }
    return turned.flip();
  }
}
