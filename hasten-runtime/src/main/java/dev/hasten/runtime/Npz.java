package dev.hasten.runtime;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/** NumPy's {@code .npz} files: named arrays, a zip of {@code .npy} files. */
public final class Npz {
  private static final String SUFFIX = ".npy";
  private static final LocalDateTime NO_TIME = LocalDateTime.of(1980, 1, 1, 0, 0);

  private Npz() {}

  /**
   * Every array by its name, in the file's order.
   *
   * @throws BadInputException naming the array that is damaged
   */
  public static Map<String, NdArray> read(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new BadInputException(file + ": there is no such file (expected: an .npz file)");
    }
    Map<String, NdArray> arrays = new LinkedHashMap<>();
    try (ZipFile zip = new ZipFile(file.toFile())) {
      for (ZipEntry entry : Collections.list(zip.entries())) {
        if (!entry.isDirectory()) {
          String name = entry.getName();
          String plain =
              name.endsWith(SUFFIX) ? name.substring(0, name.length() - SUFFIX.length()) : name;
          try (InputStream in = new BufferedInputStream(zip.getInputStream(entry))) {
            arrays.put(plain, Npy.read(file + "!" + name, in));
          }
        }
      }
    } catch (ZipException e) {
      throw new BadInputException(file + ": not an .npz file: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new BadInputException(file + ": cannot be read: " + AtomicFiles.reason(e), e);
    }
    return Collections.unmodifiableMap(arrays);
  }

  /** Writes atomically, without compression as NumPy's {@code savez} does. */
  public static void write(Path file, Map<String, NdArray> arrays) {
    AtomicFiles.write(
        file,
        out -> {
          ZipOutputStream zip = new ZipOutputStream(out, StandardCharsets.UTF_8);
          zip.setLevel(Deflater.NO_COMPRESSION);
          for (Map.Entry<String, NdArray> array : arrays.entrySet()) {
            ZipEntry entry = new ZipEntry(array.getKey() + SUFFIX);
            entry.setTimeLocal(NO_TIME);
            zip.putNextEntry(entry);
            Npy.write(zip, array.getValue());
            zip.closeEntry();
          }
          zip.finish();
        });
  }
}
