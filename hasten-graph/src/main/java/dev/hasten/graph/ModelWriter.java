package dev.hasten.graph;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Writes models to files and memory. */
final class ModelWriter {
  /** One message is at most 2^31 - 1 bytes; the structure around the weights needs room too. */
  private static final long INLINE_BYTES = 2_000_000_000L;

  private ModelWriter() {}

  static byte[] toBytes(Model model) {
    long bytes = model.weightBytes();
    if (bytes > INLINE_BYTES) {
      throw tooLarge(model.source(), bytes);
    }
    RawWriter raw = new RawWriter();
    ByteArrayOutputStream out = new ByteArrayOutputStream((int) bytes + (1 << 16));
    try {
      raw.write(GraphWriter.inline(model, raw), model.source(), Channels.newChannel(out));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  static List<Path> write(Model model, Path file, WriteOptions options) {
    long bytes = model.weightBytes();
    boolean external =
        switch (options.externalData()) {
          case ALWAYS -> true;
          case WHEN_NEEDED -> bytes > INLINE_BYTES;
          case NEVER -> {
            if (bytes > INLINE_BYTES) {
              throw tooLarge(file.toString(), bytes);
            }
            yield false;
          }
        };
    try {
      RawWriter raw = new RawWriter();
      ExternalWriter.Written written =
          external
              ? ExternalWriter.write(model, file, options.externalMinBytes(), raw)
              : new ExternalWriter.Written(GraphWriter.inline(model, raw), List.of());
      try (AtomicFile out = AtomicFile.beside(file)) {
        raw.write(written.model(), file.toString(), out.channel());
        out.commit(file);
      }
      List<Path> files = new ArrayList<>(List.of(file));
      files.addAll(written.files());
      return files;
    } catch (IOException e) {
      throw new UncheckedIOException(
          "%s: cannot be written: %s. Nothing was changed; check the folder, its permissions and the free space."
              .formatted(file, reason(e)),
          e);
    }
  }

  /** The JDK's exceptions on files say the reason in their type, and repeat the temporary name. */
  private static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException _ -> "there is no such folder";
      case AccessDeniedException _ -> "permission denied";
      case FileSystemException file when file.getReason() != null -> file.getReason();
      default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    };
  }

  private static ModelException tooLarge(String where, long bytes) {
    return ModelException.of(
        where,
        bytes + " bytes of weights in one file",
        "at most " + INLINE_BYTES,
        "Write it to a file with external data");
  }
}
