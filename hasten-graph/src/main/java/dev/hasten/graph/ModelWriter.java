package dev.hasten.graph;

import dev.hasten.graph.wire.OnnxWire.ModelProto;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.file.Path;

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
      raw.write(GraphWriter.inline(model, raw), Channels.newChannel(out));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  static void write(Model model, Path file, WriteOptions options) {
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
      ModelProto proto =
          external
              ? ExternalWriter.write(model, file, options.externalMinBytes(), raw)
              : GraphWriter.inline(model, raw);
      try (AtomicFile out = AtomicFile.beside(file)) {
        raw.write(proto, out.channel());
        out.commit(file);
      }
    } catch (IOException e) {
      throw new ModelException(
          "%s: cannot be written: %s. Nothing was changed; check the folder, its permissions and the free space."
              .formatted(file, reason(e)),
          e);
    }
  }

  private static String reason(IOException e) {
    String kind = e.getClass().getSimpleName();
    return e.getMessage() == null
        ? kind
        : kind.equals("IOException") ? e.getMessage() : kind + " " + e.getMessage();
  }

  private static ModelException tooLarge(String where, long bytes) {
    return ModelException.of(
        where,
        bytes + " bytes of weights in one file",
        "at most " + INLINE_BYTES,
        "Write it to a file with external data");
  }
}
