package dev.hasten.graph;

import dev.hasten.graph.wire.OnnxWire.StringStringEntryProto;
import dev.hasten.graph.wire.OnnxWire.TensorProto;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Weights outside the model file, each file mapped once. A model is untrusted input: its files must
 * lie in its own folder.
 */
final class ExternalFiles {
  private static final long CHUNK_BYTES = 1 << 24;

  private final Path folder;
  private final Map<Path, Mapped> files = new LinkedHashMap<>();

  /** A file, its ranges in use (first byte → end), and its checksum once somebody asked. */
  private static final class Mapped {
    final MemorySegment data;
    final TreeMap<Long, Long> ranges = new TreeMap<>();
    @Nullable String sha1;

    Mapped(MemorySegment data) {
      this.data = data;
    }
  }

  ExternalFiles(Path folder) {
    this.folder = folder;
  }

  /** The files that weights were found in. */
  Set<Path> files() {
    return files.keySet();
  }

  /**
   * The data of a tensor.
   *
   * @param bytes how many its type and dimensions ask for
   * @param where the model and the tensor, for messages
   */
  MemorySegment find(TensorProto proto, long bytes, String where) {
    Map<String, String> entries = new HashMap<>();
    for (StringStringEntryProto entry : proto.getExternalDataList()) {
      entries.put(entry.getKey(), entry.getValue());
    }
    String location = entries.getOrDefault("location", "");
    Path path = confined(location, where);
    Mapped file = files.computeIfAbsent(path, key -> map(key, where));
    long size = file.data.byteSize();
    long offset = number(entries, "offset", 0, where);
    long length = number(entries, "length", bytes, where);
    if (length != bytes) {
      throw ModelException.of(
          where,
          "length " + length + " in '" + location + "'",
          bytes + " bytes for its type and dimensions",
          "The model file is damaged; export the model again");
    }
    if (offset > size || length > size - offset) {
      throw ModelException.of(
          where,
          "'%s' has %d bytes".formatted(location, size),
          "at least " + offset + " + " + length,
          "The file is truncated or belongs to another model; fetch it again");
    }
    claim(file, offset, offset + length, location, where);
    verify(file, entries.get("checksum"), location, where);
    return file.data.asSlice(offset, length);
  }

  /**
   * Tensors may share their bytes whole. Were they to overlap in part, a small file could stand for
   * any amount of weights, which writing would then bring to the disk.
   */
  private static void claim(Mapped file, long from, long end, String location, String where) {
    if (from == end) {
      return;
    }
    var before = file.ranges.lowerEntry(end);
    if (before == null || before.getValue() <= from) {
      file.ranges.put(from, end);
    } else if (before.getKey() != from || before.getValue() != end) {
      throw ModelException.of(
          where,
          "bytes %d to %d of '%s', which overlap another tensor's %d to %d"
              .formatted(from, end, location, before.getKey(), before.getValue()),
          "bytes of its own, or exactly those of another",
          "The model file is damaged; export the model again");
    }
  }

  private static void verify(
      Mapped file, @Nullable String checksum, String location, String where) {
    if (checksum == null) {
      return;
    }
    String found = file.sha1;
    if (found == null) {
      found = sha1(file.data);
      file.sha1 = found;
    }
    if (!found.equalsIgnoreCase(checksum.strip())) {
      throw ModelException.of(
          where,
          "'%s' has the SHA-1 checksum %s".formatted(location, found),
          checksum + ", as the model says",
          "The file is damaged or belongs to another model; fetch it again");
    }
  }

  /** Not against forgery, but the checksum that the format prescribes. */
  private static String sha1(MemorySegment data) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-1");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-1", e);
    }
    for (long at = 0; at < data.byteSize(); at += CHUNK_BYTES) {
      digest.update(data.asSlice(at, Math.min(CHUNK_BYTES, data.byteSize() - at)).asByteBuffer());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static long number(
      Map<String, String> entries, String key, long otherwise, String where) {
    String text = entries.get(key);
    if (text == null) {
      return otherwise;
    }
    try {
      long number = Long.parseLong(text);
      if (number >= 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Reported below, as a negative number is.
    }
    throw ModelException.of(
        where,
        "external data with " + key + " '" + text + "'",
        "a whole number >= 0",
        "The model file is damaged; export the model again");
  }

  private static Mapped map(Path file, String where) {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
      return new Mapped(
          channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), Arena.ofAuto()));
    } catch (IOException e) {
      throw new ModelException(
          "%s: its weights in '%s' cannot be read: %s. Make the file readable."
              .formatted(where, file, e.getMessage()),
          e);
    }
  }

  private Path confined(String location, String where) {
    Path relative;
    try {
      relative = Path.of(location);
    } catch (InvalidPathException e) {
      relative = Path.of("");
    }
    boolean climbs = relative.isAbsolute() || location.isEmpty() || location.contains("\\");
    for (Path part : relative) {
      climbs |= part.toString().equals("..");
    }
    if (climbs) {
      throw ModelException.of(
          where,
          "external data at '" + location + "'",
          "a relative path inside the model's folder",
          "Refused, because the path leaves the folder or is none");
    }
    Path file = folder;
    for (Path part : relative) {
      file = file.resolve(part);
      if (Files.isSymbolicLink(file)) {
        throw ModelException.of(
            where,
            "external data at '" + file + "', a symbolic link",
            "a file in the model's folder",
            "Put the file itself there instead of the link");
      }
    }
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw ModelException.of(
          where,
          "its weights' file '" + file + "' is missing",
          "the file that came with the model",
          "Put it beside the model");
    }
    return file;
  }
}
