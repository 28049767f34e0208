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
import java.util.HashMap;
import java.util.Map;

/**
 * Weights outside the model file, each file mapped once. A model is untrusted input: its files must
 * lie in its own folder.
 */
final class ExternalFiles {
  private final Path folder;
  private final Map<String, MemorySegment> mapped = new HashMap<>();

  ExternalFiles(Path folder) {
    this.folder = folder;
  }

  MemorySegment find(TensorProto proto, long bytes, String where) {
    Map<String, String> entries = new HashMap<>();
    for (StringStringEntryProto entry : proto.getExternalDataList()) {
      entries.put(entry.getKey(), entry.getValue());
    }
    String location = entries.getOrDefault("location", "");
    MemorySegment file = mapped.computeIfAbsent(location, key -> map(key, where));
    long offset = number(entries, "offset", 0, where);
    long length = number(entries, "length", bytes, where);
    if (length != bytes) {
      throw ModelException.of(
          where,
          "length " + length + " in '" + location + "'",
          bytes + " bytes for its type and dimensions",
          "The model file is damaged; export the model again");
    }
    if (offset > file.byteSize() || length > file.byteSize() - offset) {
      throw ModelException.of(
          where,
          "'%s' has %d bytes".formatted(location, file.byteSize()),
          "at least " + offset + " + " + length,
          "The file is truncated or belongs to another model; fetch it again");
    }
    return file.asSlice(offset, length);
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

  private MemorySegment map(String location, String where) {
    Path file = confined(location, where);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), Arena.ofAuto());
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
