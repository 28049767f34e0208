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
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Reads models from files and memory. */
final class ModelReader {
  /** The newest version of the file format whose meaning is known. */
  private static final long NEWEST_IR = 14;

  /** From version 3 on a model says which versions of the operators it uses. */
  private static final long OLDEST_IR = 3;

  /**
   * How deep messages may be nested: what protobuf takes, which keeps the stack from overflowing.
   */
  private static final int RECURSION_LIMIT = 100;

  private ModelReader() {}

  static Model read(Path file, long oldestOpset) {
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
    ExternalFiles external = new ExternalFiles(folder);
    return parse(mapped, name, external, oldestOpset, file);
  }

  static Model read(ByteBuffer bytes, String name) {
    // Copied, because callers may change what they gave; outside the heap, as from a file.
    MemorySegment copy = Arena.ofAuto().allocate(bytes.remaining());
    copy.copyFrom(MemorySegment.ofBuffer(bytes));
    return parse(copy.asByteBuffer().asReadOnlyBuffer(), name, null, Model.MIN_OPSET, null);
  }

  private static Model parse(
      ByteBuffer bytes,
      String name,
      @Nullable ExternalFiles external,
      long oldestOpset,
      @Nullable Path file) {
    if (!bytes.hasRemaining()) {
      throw ModelException.of(name, "the file is empty", "an ONNX model", "Fetch it again");
    }
    refuseOtherFormats(bytes, name);
    try {
      RawSlices slices = new RawSlices(bytes, name);
      ModelProto proto = parse(slices.skeleton(), name, bytes.remaining());
      requireSupported(proto, name, oldestOpset);
      ModelContext context = new ModelContext(proto.getIrVersion());
      Graph graph = new GraphReader(name, context, external, slices).read(proto.getGraph(), null);
      ModelProto rest =
          Embedded.weights(proto.toBuilder().clearGraph(), external, name + ": functions").build();
      List<Path> files = new ArrayList<>();
      if (file != null && external != null) {
        files.add(file);
        files.addAll(external.files());
      }
      return new Model(rest, context, graph, name, files);
    } catch (OutOfMemoryError e) {
      // What was built so far is garbage now: the memory is there again.
      throw new ModelException(
          "%s: its structure (%d bytes in the file) does not fit into the %d MiB of the Java heap."
                  .formatted(name, bytes.remaining(), Runtime.getRuntime().maxMemory() >> 20)
              + " Give Java more memory (-Xmx), or export the weights as raw data.",
          e);
    }
  }

  private static ModelProto parse(byte[] skeleton, String name, int bytes) {
    try {
      return ModelProto.parseFrom(skeleton);
    } catch (InvalidProtocolBufferException e) {
      String problem = String.valueOf(e.getMessage());
      if (problem.contains("levels of nesting")) {
        throw ModelException.of(
            name,
            "graphs or types nested more than " + RECURSION_LIMIT + " messages deep",
            "subgraphs at most 32 deep",
            "No exporter writes such a model: the file is damaged or malicious");
      }
      throw new ModelException(
          "%s: not an ONNX model, or truncated or damaged after it was written: %s (%d bytes)."
                  .formatted(name, problem, bytes)
              + " Compare its size and checksum with the original's and fetch it again.",
          e);
    }
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

  private static void requireSupported(ModelProto proto, String name, long oldestOpset) {
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
      if (Node.normalize(opset.getDomain()).isEmpty() && opset.getVersion() < oldestOpset) {
        throw ModelException.of(
            name,
            "opset " + opset.getVersion(),
            oldestOpset + " or newer",
            "Convert it with onnx.version_converter, or export it again");
      }
    }
  }
}
