package dev.hasten.graph;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.hasten.graph.wire.OnnxWire.ModelProto;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Reads models from files and memory. */
final class ModelReader {
  /** The newest version of the file format whose meaning is known. */
  private static final long NEWEST_IR = 14;

  /** From version 3 on a model says which versions of the operators it uses. */
  private static final long OLDEST_IR = 3;

  private ModelReader() {}

  static Model read(Path file) {
    String name = file.toString();
    if (!Files.exists(file)) {
      throw ModelException.of(name, "no such file", "an ONNX model", "Check the path");
    }
    if (!Files.isRegularFile(file)) {
      throw ModelException.of(
          name,
          Files.isDirectory(file) ? "a folder" : "not a file",
          "an ONNX model",
          "Give the path of the .onnx file itself");
    }
    ByteBuffer mapped;
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      if (size > Integer.MAX_VALUE) {
        throw ModelException.of(
            name,
            size + " bytes",
            "at most 2 GB, the limit of the format",
            "Export the model with external data");
      }
      mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, Arena.ofAuto()).asByteBuffer();
    } catch (IOException e) {
      throw new ModelException(
          name + ": cannot be read: " + e.getMessage() + ". Make the file readable.", e);
    }
    Path folder = Objects.requireNonNull(file.toAbsolutePath().getParent());
    return parse(mapped, name, new ExternalFiles(folder));
  }

  static Model read(ByteBuffer bytes, String name) {
    // Copied, because callers may change what they gave; outside the heap, as from a file.
    MemorySegment copy = Arena.ofAuto().allocate(bytes.remaining());
    copy.copyFrom(MemorySegment.ofBuffer(bytes));
    return parse(copy.asByteBuffer().asReadOnlyBuffer(), name, null);
  }

  private static Model parse(ByteBuffer bytes, String name, @Nullable ExternalFiles external) {
    if (!bytes.hasRemaining()) {
      throw ModelException.of(name, "the file is empty", "an ONNX model", "Fetch it again");
    }
    refuseOtherFormats(bytes, name);
    RawSlices slices = new RawSlices(bytes, name);
    ModelProto proto;
    try {
      proto = ModelProto.parseFrom(slices.skeleton());
    } catch (InvalidProtocolBufferException e) {
      throw new ModelException(
          "%s: not an ONNX model, or truncated or damaged after it was written: %s (%d bytes)."
                  .formatted(name, e.getMessage(), bytes.remaining())
              + " Compare its size and checksum with the original's and fetch it again.",
          e);
    }
    requireSupported(proto, name);
    ModelContext context = new ModelContext(proto.getIrVersion());
    Graph graph = new GraphReader(name, context, external, slices).read(proto.getGraph(), null);
    return new Model(proto.toBuilder().clearGraph().build(), context, graph, name);
  }

  private static void refuseOtherFormats(ByteBuffer bytes, String name) {
    byte[] head = new byte[Math.min(24, bytes.remaining())];
    bytes.get(bytes.position(), head);
    String start = new String(head, StandardCharsets.ISO_8859_1);
    if (start.startsWith("version https://git-lfs")) {
      throw ModelException.of(
          name, "a Git LFS pointer", "the model itself", "Fetch it with 'git lfs pull'");
    }
    if (start.startsWith("PK\u0003\u0004")) {
      throw ModelException.of(
          name,
          "a zip archive (a PyTorch checkpoint?)",
          "an ONNX model",
          "Unpack it, or export the model to ONNX");
    }
  }

  private static void requireSupported(ModelProto proto, String name) {
    if (!proto.hasGraph()) {
      throw ModelException.of(
          name, "there is no graph in it", "an ONNX model", "Check that this is the right file");
    }
    long ir = proto.getIrVersion();
    if (ir < OLDEST_IR || ir > NEWEST_IR) {
      throw ModelException.of(
          name,
          "IR version " + ir,
          OLDEST_IR + " to " + NEWEST_IR,
          ir > NEWEST_IR
              ? "Export it for an older version of ONNX"
              : "Export it with a newer exporter, opset 17 for instance");
    }
    for (var opset : proto.getOpsetImportList()) {
      if (Node.normalize(opset.getDomain()).isEmpty() && opset.getVersion() < Model.MIN_OPSET) {
        throw ModelException.of(
            name,
            "opset " + opset.getVersion(),
            Model.MIN_OPSET + " or newer",
            "Convert it with onnx.version_converter, or export it again");
      }
    }
  }
}
