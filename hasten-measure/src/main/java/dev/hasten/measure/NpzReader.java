package dev.hasten.measure;

import dev.hasten.runtime.BadInputException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/** Named arrays, read in step along their first axes, each through its own stream. */
final class NpzReader implements RecordReader {
  private static final String SUFFIX = ".npy";

  private final ZipFile zip;
  private final List<String> fields;
  private final Map<String, NpyStream> arrays;
  private final long rows;
  private long position;

  private NpzReader(ZipFile zip, List<String> fields, Map<String, NpyStream> arrays, long rows) {
    this.zip = zip;
    this.fields = fields;
    this.arrays = arrays;
    this.rows = rows;
  }

  /**
   * @param wanted the arrays to read; empty: all
   */
  static NpzReader open(Path path, Set<String> wanted) throws IOException {
    ZipFile zip;
    try {
      zip = new ZipFile(path.toFile());
    } catch (ZipException e) {
      throw new BadInputException(
          path + ": not an .npz file: " + e.getMessage() + " (expected: what np.savez writes)", e);
    }
    try {
      List<String> fields = new ArrayList<>();
      Map<String, NpyStream> arrays = new LinkedHashMap<>();
      long rows = -1;
      String first = "";
      for (Enumeration<? extends ZipEntry> e = zip.entries(); e.hasMoreElements(); ) {
        ZipEntry entry = e.nextElement();
        if (!entry.getName().endsWith(SUFFIX)) {
          continue;
        }
        String field = entry.getName().substring(0, entry.getName().length() - SUFFIX.length());
        fields.add(field);
        if (!wanted.isEmpty() && !wanted.contains(field)) {
          continue;
        }
        NpyStream array =
            NpyStream.open(
                path + ": array `" + field + "`",
                new BufferedInputStream(zip.getInputStream(entry), 1 << 16));
        if (rows >= 0 && rows != array.rows()) {
          throw new BadInputException(
              "%s: array `%s` has %d rows, `%s` has %d (expected: as many, one per example)"
                  .formatted(path, field, array.rows(), first, rows));
        }
        rows = array.rows();
        first = field;
        arrays.put(field, array);
      }
      return new NpzReader(zip, List.copyOf(fields), arrays, Math.max(rows, 0));
    } catch (IOException | RuntimeException e) {
      zip.close();
      throw e;
    }
  }

  @Override
  public List<String> fields() {
    return fields;
  }

  @Override
  public @Nullable Item next() throws IOException {
    if (position == rows) {
      return null;
    }
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    for (Map.Entry<String, NpyStream> array : arrays.entrySet()) {
      values.put(array.getKey(), array.getValue().next());
    }
    return new Item("row " + position++, values);
  }

  @Override
  public void close() throws IOException {
    for (NpyStream array : arrays.values()) {
      array.close();
    }
    zip.close();
  }
}
