package dev.hasten.measure;

import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.ElementType;
import dev.hasten.runtime.NdArray;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * MNIST's IDX files: {@code image} is an array each, {@code label} comes from the file beside it
 * that is called {@code labels} and {@code idx1} where this one is called {@code images} and {@code
 * idx3}. Both may be compressed with gzip.
 */
final class IdxReader implements RecordReader {
  static final String IMAGE = "image";
  static final String LABEL = "label";

  private final Array images;
  private final @Nullable Array labels;
  private long position;

  private IdxReader(Array images, @Nullable Array labels) {
    this.images = images;
    this.labels = labels;
  }

  static IdxReader open(Path path) throws IOException {
    Array images = Array.open(path);
    try {
      Path beside = labels(path);
      Array labels = null;
      if (!beside.equals(path) && Files.isRegularFile(beside)) {
        labels = Array.open(beside);
        if (labels.count != images.count || labels.shape.length != 0) {
          labels.close();
          throw new BadInputException(
              beside
                  + ": "
                  + labels.count
                  + " labels of shape "
                  + Arrays.toString(labels.shape)
                  + " (expected: "
                  + images.count
                  + " single numbers, one per array in "
                  + path
                  + ")");
        }
      }
      return new IdxReader(images, labels);
    } catch (IOException | RuntimeException e) {
      images.close();
      throw e;
    }
  }

  private static Path labels(Path images) {
    String name = String.valueOf(images.getFileName());
    return images.resolveSibling(name.replace("images", "labels").replace("idx3", "idx1"));
  }

  @Override
  public List<String> fields() {
    return labels == null ? List.of(IMAGE) : List.of(IMAGE, LABEL);
  }

  @Override
  public @Nullable Item next() throws IOException {
    if (position == images.count) {
      return null;
    }
    Map<String, @Nullable Object> values = new HashMap<>();
    values.put(IMAGE, images.next());
    if (labels != null) {
      values.put(LABEL, labels.next());
    }
    return new Item("array " + position++, values);
  }

  @Override
  public void close() throws IOException {
    try (images) {
      if (labels != null) {
        labels.close();
      }
    }
  }

  /**
   * One file: two zero bytes, type, number of axes; sizes; elements, the most significant byte
   * first.
   */
  private static final class Array implements AutoCloseable {
    private final Path path;
    private final DataInputStream in;
    private final ElementType type;
    private final long count;
    private final long[] shape;

    private Array(Path path, DataInputStream in, ElementType type, long count, long[] shape) {
      this.path = path;
      this.in = in;
      this.type = type;
      this.count = count;
      this.shape = shape;
    }

    static Array open(Path path) throws IOException {
      InputStream file = new BufferedInputStream(Files.newInputStream(path), 1 << 16);
      try {
        boolean zipped = String.valueOf(path.getFileName()).endsWith(".gz");
        DataInputStream in = new DataInputStream(zipped ? new GZIPInputStream(file) : file);
        int magic = in.readInt();
        int axes = magic & 0xFF;
        if (magic >>> 16 != 0 || axes == 0) {
          throw new BadInputException(
              path + ": not an IDX file (expected: two zero bytes, a type, a number of axes)");
        }
        ElementType type = type(path, magic >>> 8);
        long count = in.readInt() & 0xFFFFFFFFL;
        long[] shape = new long[axes - 1];
        for (int i = 0; i < shape.length; i++) {
          shape[i] = in.readInt() & 0xFFFFFFFFL;
        }
        return new Array(path, in, type, count, shape);
      } catch (IOException | RuntimeException e) {
        file.close();
        throw e;
      }
    }

    private static ElementType type(Path path, int code) {
      return switch (code) {
        case 0x08 -> ElementType.UINT8;
        case 0x09 -> ElementType.INT8;
        case 0x0B -> ElementType.INT16;
        case 0x0C -> ElementType.INT32;
        case 0x0D -> ElementType.FLOAT;
        case 0x0E -> ElementType.DOUBLE;
        default ->
            throw new BadInputException(
                path + ": element type " + code + " (expected: 8, 9, 11, 12, 13 or 14)");
      };
    }

    NdArray next() throws IOException {
      long bytes = type.bytes();
      for (long n : shape) {
        bytes = Math.multiplyExact(bytes, n);
      }
      // Not allocated by what the file declares alone: readNBytes grows as bytes come.
      byte[] data = in.readNBytes(Math.toIntExact(bytes));
      if (data.length < bytes) {
        throw new BadInputException(
            path
                + ": ends within an array (expected: "
                + count
                + " arrays of "
                + bytes
                + " bytes)");
      }
      if (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN) {
        reverse(data, type.bytes());
      }
      return NdArray.of(type, ByteBuffer.wrap(data), shape);
    }

    private static void reverse(byte[] data, int width) {
      for (int from = 0; width > 1 && from < data.length; from += width) {
        for (int i = 0; i < width / 2; i++) {
          byte swapped = data[from + i];
          data[from + i] = data[from + width - 1 - i];
          data[from + width - 1 - i] = swapped;
        }
      }
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
