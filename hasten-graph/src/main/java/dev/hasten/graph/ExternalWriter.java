package dev.hasten.graph;

import dev.hasten.graph.wire.OnnxWire.ModelProto;
import dev.hasten.graph.wire.OnnxWire.TensorProto;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Writes initializers into a file of their own. It is named for its content, so a file that an
 * older model refers to is never overwritten.
 */
final class ExternalWriter {
  /** Runtimes map the file: aligned tensors can be used in place. */
  private static final int ALIGNMENT = 64;

  private static final long CHUNK_BYTES = 1 << 24;

  private final long minBytes;
  private final Map<Tensor, Long> offsets = new IdentityHashMap<>();
  private final Map<Region, Long> regions = new HashMap<>();
  private final MessageDigest digest = Fingerprint.sha256();
  private long end;

  /** Memory that several tensors share, when a file says so: written once, it is shared again. */
  private record Region(long address, long size) {}

  private ExternalWriter(long minBytes) {
    this.minBytes = minBytes;
  }

  /**
   * What {@link #write} did.
   *
   * @param model to be written to the model's own file
   * @param files with weights: one, or none if no initializer was large enough
   */
  record Written(ModelProto model, List<Path> files) {}

  /** Writes the weights beside {@code file}; gives the model to be written there. */
  static Written write(Model model, Path file, long minBytes, RawWriter raw) throws IOException {
    ExternalWriter writer = new ExternalWriter(minBytes);
    String location;
    List<Path> files = new ArrayList<>();
    try (AtomicFile data = AtomicFile.beside(file)) {
      writer.writeAll(model.graph(), data.channel());
      String hash = HexFormat.of().formatHex(writer.digest.digest()).substring(0, 12);
      String stem =
          Objects.requireNonNull(file.getFileName()).toString().replaceFirst("\\.onnx$", "");
      location = stem + "." + hash + ".data";
      if (!writer.offsets.isEmpty()) {
        data.commit(file.resolveSibling(location));
        files.add(file.resolveSibling(location));
      }
    }
    ModelProto proto =
        new GraphWriter((name, tensor) -> writer.refer(name, tensor, location, raw), raw)
            .write(model);
    return new Written(proto, files);
  }

  private void writeAll(Graph graph, FileChannel channel) throws IOException {
    for (Value value : graph.initializers()) {
      Tensor tensor = value.initializer();
      if (tensor != null && goesOut(tensor) && !offsets.containsKey(tensor)) {
        offsets.put(tensor, place(tensor.data(), channel));
      }
    }
    for (Node node : graph.nodes()) {
      for (Graph inner : node.subgraphs()) {
        writeAll(inner, channel);
      }
    }
  }

  private long place(MemorySegment data, FileChannel channel) throws IOException {
    Region region = new Region(data.address(), data.byteSize());
    Long known = data.isNative() ? regions.get(region) : null;
    if (known != null) {
      return known;
    }
    append(MemorySegment.ofArray(new byte[(int) (-end & ALIGNMENT - 1)]), channel);
    long offset = end;
    append(data, channel);
    if (data.isNative()) {
      regions.put(region, offset);
    }
    return offset;
  }

  private boolean goesOut(Tensor tensor) {
    return tensor.type() != DataType.STRING && tensor.byteSize() >= Math.max(1, minBytes);
  }

  private void append(MemorySegment data, FileChannel channel) throws IOException {
    for (long at = 0; at < data.byteSize(); at += CHUNK_BYTES) {
      ByteBuffer chunk =
          TensorCodec.buffer(data.asSlice(at, Math.min(CHUNK_BYTES, data.byteSize() - at)));
      digest.update(chunk.duplicate());
      while (chunk.hasRemaining()) {
        channel.write(chunk);
      }
    }
    end += data.byteSize();
  }

  private TensorProto refer(String name, Tensor tensor, String location, RawWriter raw) {
    Long offset = offsets.get(tensor);
    if (offset == null) {
      return TensorCodec.write(name, tensor, raw);
    }
    TensorProto origin = tensor.origin();
    TensorProto.Builder out =
        origin == null
            ? TensorProto.newBuilder().addAllDims(tensor.dims()).setDataType(tensor.type().onnx())
            : origin.toBuilder();
    out.clearRawData()
        .clearFloatData()
        .clearInt32Data()
        .clearInt64Data()
        .clearDoubleData()
        .clearUint64Data()
        .clearExternalData();
    out.addExternalDataBuilder().setKey("location").setValue(location);
    out.addExternalDataBuilder().setKey("offset").setValue(offset.toString());
    out.addExternalDataBuilder().setKey("length").setValue(Long.toString(tensor.byteSize()));
    return out.setName(name).setDataLocation(TensorProto.DataLocation.EXTERNAL_VALUE).build();
  }
}
