package dev.hasten.runtime;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/** NumPy's {@code .npy} files: one array each. */
public final class Npy {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};

  /** NumPy aligns the data to this. */
  private static final int ALIGNMENT = 64;

  private Npy() {}

  /**
   * @throws BadInputException naming what is wrong with the file
   */
  public static NdArray read(Path file) {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      return read(file.toString(), in);
    } catch (IOException e) {
      throw new BadInputException(file + ": cannot be read: " + AtomicFiles.reason(e), e);
    }
  }

  /**
   * Reads one array and nothing behind it.
   *
   * @param name for messages
   */
  public static NdArray read(String name, InputStream in) throws IOException {
    try {
      DataInputStream data = new DataInputStream(in);
      NpyHeader header = NpyHeader.parse(name, headerText(name, data));
      return NpyElements.read(name, header, data);
    } catch (EOFException e) {
      throw new BadInputException(name + ": ends within the header of an .npy file", e);
    }
  }

  private static String headerText(String name, DataInputStream data) throws IOException {
    byte[] magic = data.readNBytes(MAGIC.length);
    if (!Arrays.equals(magic, MAGIC)) {
      throw new BadInputException(
          name + ": not an .npy file (expected: it begins with \\x93NUMPY)");
    }
    int major = data.readUnsignedByte();
    int minor = data.readUnsignedByte();
    if (major < 1 || major > 3) {
      throw new BadInputException(
          name + ": .npy version " + major + "." + minor + " (expected: 1.0, 2.0 or 3.0)");
    }
    int length =
        major == 1
            ? Short.toUnsignedInt(Short.reverseBytes(data.readShort()))
            : Integer.reverseBytes(data.readInt());
    if (length < 0 || length > 1 << 20) {
      throw new BadInputException(
          name
              + ": .npy header of "
              + Integer.toUnsignedString(length)
              + " bytes (expected: at most 1 MiB)");
    }
    byte[] text = data.readNBytes(length);
    if (text.length < length) {
      throw new EOFException();
    }
    return new String(text, major == 3 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1);
  }

  /** Writes atomically. */
  public static void write(Path file, NdArray array) {
    AtomicFiles.write(file, out -> write(out, array));
  }

  /** Format 1.0, little-endian, row-major; strings as NumPy's fixed-width Unicode. */
  public static void write(OutputStream out, NdArray array) throws IOException {
    String shape =
        LongStream.of(array.shape()).mapToObj(Long::toString).collect(Collectors.joining(", "));
    String header =
        "{'descr': '"
            + NpyElements.descriptor(array)
            + "', 'fortran_order': False, 'shape': ("
            + shape
            + (array.rank() == 1 ? ",)" : ")")
            + ", }";
    int unpadded = MAGIC.length + 4 + header.length() + 1;
    String padding = " ".repeat(Math.ceilDiv(unpadded, ALIGNMENT) * ALIGNMENT - unpadded);
    byte[] text = (header + padding + "\n").getBytes(StandardCharsets.ISO_8859_1);
    ByteArrayOutputStream start = new ByteArrayOutputStream();
    start.writeBytes(MAGIC);
    start.writeBytes(new byte[] {1, 0, (byte) text.length, (byte) (text.length >> 8)});
    start.writeBytes(text);
    start.writeTo(out);
    ByteBuffer data = NpyElements.littleEndian(array);
    byte[] chunk = new byte[Math.min(1 << 16, Math.max(1, data.remaining()))];
    while (data.hasRemaining()) {
      int n = Math.min(chunk.length, data.remaining());
      data.get(chunk, 0, n);
      out.write(chunk, 0, n);
    }
  }

  /** The bytes' order that everything here is written in and normally runs on. */
  static boolean nativeIsLittle() {
    return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
  }
}
