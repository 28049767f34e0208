package dev.hasten.graph;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import dev.hasten.graph.wire.OnnxWire.ModelProto;
import dev.hasten.graph.wire.OnnxWire.TensorProto;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a model whose tensors have markers in place of raw data, and the data themselves straight
 * from their memory: nothing large passes through the heap. See {@link RawSlices}.
 */
final class RawWriter {
  private static final int CHUNK_BYTES = 1 << 16;

  private final List<MemorySegment> slices = new ArrayList<>();

  /** Raw data into the message where short, else a marker. */
  TensorProto.Builder put(TensorProto.Builder tensor, MemorySegment data) {
    if (data.byteSize() < RawSlices.MIN_BYTES) {
      return tensor.setRawData(ByteString.copyFrom(data.toArray(ValueLayout.JAVA_BYTE)));
    }
    slices.add(data);
    return RawSlices.mark(tensor.clearRawData(), slices.size() - 1);
  }

  /**
   * Writes the model with its data.
   *
   * @param where the model, for messages
   * @throws ModelException past 2 GB, which no reader of the format would take
   */
  void write(ModelProto skeleton, String where, WritableByteChannel channel) throws IOException {
    byte[] bytes = skeleton.toByteArray();
    long size = size(RawSlices.Kind.MODEL, bytes, 0, bytes.length);
    if (size > Integer.MAX_VALUE) {
      throw ModelException.of(
          where,
          size + " bytes in the model file, besides what can go into another",
          "at most 2 GB, the limit of the format",
          "Make Constant nodes initializers (simplify does), and write with external data");
    }
    CodedOutputStream out =
        CodedOutputStream.newInstance(Channels.newOutputStream(channel), CHUNK_BYTES);
    emit(RawSlices.Kind.MODEL, bytes, 0, bytes.length, out);
    out.flush();
  }

  /** Writes the fields of a message with its data in place. */
  private void emit(RawSlices.Kind kind, byte[] bytes, int from, int end, CodedOutputStream out)
      throws IOException {
    CodedInputStream in = CodedInputStream.newInstance(bytes, from, end - from);
    while (!in.isAtEnd()) {
      int start = from + in.getTotalBytesRead();
      int tag = in.readTag();
      int field = WireFormat.getTagFieldNumber(tag);
      boolean delimited = WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
      RawSlices.Kind child = delimited ? kind.child(field) : null;
      if (child != null) {
        int length = in.readRawVarint32();
        int inner = from + in.getTotalBytesRead();
        in.skipRawBytes(length);
        out.writeUInt32NoTag(tag);
        out.writeUInt32NoTag(Math.toIntExact(size(child, bytes, inner, inner + length)));
        emit(child, bytes, inner, inner + length, out);
      } else if (kind == RawSlices.Kind.TENSOR && field == RawSlices.MARKER) {
        MemorySegment data = slices.get(in.readUInt32());
        out.writeTag(RawSlices.RAW_DATA, WireFormat.WIRETYPE_LENGTH_DELIMITED);
        out.writeUInt32NoTag(Math.toIntExact(data.byteSize()));
        copy(data, out);
      } else {
        in.skipField(tag);
        out.write(bytes, start, from + in.getTotalBytesRead() - start);
      }
    }
  }

  /** Bytes that {@link #emit} will write. */
  private long size(RawSlices.Kind kind, byte[] bytes, int from, int end) throws IOException {
    CodedInputStream in = CodedInputStream.newInstance(bytes, from, end - from);
    long size = 0;
    while (!in.isAtEnd()) {
      int start = in.getTotalBytesRead();
      int tag = in.readTag();
      int field = WireFormat.getTagFieldNumber(tag);
      boolean delimited = WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
      RawSlices.Kind child = delimited ? kind.child(field) : null;
      if (child != null) {
        int length = in.readRawVarint32();
        int inner = from + in.getTotalBytesRead();
        in.skipRawBytes(length);
        long content = size(child, bytes, inner, inner + length);
        size += CodedOutputStream.computeUInt32SizeNoTag(tag) + sized(content);
      } else if (kind == RawSlices.Kind.TENSOR && field == RawSlices.MARKER) {
        long content = slices.get(in.readUInt32()).byteSize();
        size += CodedOutputStream.computeTagSize(RawSlices.RAW_DATA) + sized(content);
      } else {
        in.skipField(tag);
        size += in.getTotalBytesRead() - start;
      }
    }
    return size;
  }

  private static long sized(long content) {
    return CodedOutputStream.computeUInt64SizeNoTag(content) + content;
  }

  private static void copy(MemorySegment data, CodedOutputStream out) throws IOException {
    byte[] chunk = new byte[(int) Math.min(CHUNK_BYTES, data.byteSize())];
    MemorySegment target = MemorySegment.ofArray(chunk);
    for (long at = 0; at < data.byteSize(); at += chunk.length) {
      int n = (int) Math.min(chunk.length, data.byteSize() - at);
      MemorySegment.copy(data, at, target, 0, n);
      out.write(chunk, 0, n);
    }
  }
}
