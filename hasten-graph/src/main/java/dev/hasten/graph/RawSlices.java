package dev.hasten.graph;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.WireFormat;
import dev.hasten.graph.wire.OnnxWire.TensorProto;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Keeps weights out of the parser, which copies all that it is given onto the heap. The file is
 * first rewritten in memory without the raw data of its tensors: in their place stands a marker
 * field with the number of a slice of the mapped file, and {@link #restore} puts the slice back
 * into the parsed message.
 */
final class RawSlices {
  /** A field that tensors do not have. */
  static final int MARKER = 536_870_000;

  static final int RAW_DATA = TensorProto.RAW_DATA_FIELD_NUMBER;
  static final int MIN_BYTES = 512;
  private static final int MAX_DEPTH = 100;

  private final List<MemorySegment> slices = new ArrayList<>();
  private final ByteBuffer source;
  private final String name;

  /** The messages on the way to a tensor. */
  enum Kind {
    MODEL,
    GRAPH,
    NODE,
    ATTRIBUTE,
    TENSOR;

    @Nullable Kind child(int field) {
      return switch (this) {
        case MODEL -> field == 7 ? GRAPH : null;
        case GRAPH -> field == 1 ? NODE : field == 5 ? TENSOR : null;
        case NODE -> field == 5 ? ATTRIBUTE : null;
        case ATTRIBUTE ->
            field == 5 || field == 10 ? TENSOR : field == 6 || field == 11 ? GRAPH : null;
        case TENSOR -> null;
      };
    }
  }

  RawSlices(ByteBuffer source, String name) {
    this.source = source;
    this.name = name;
  }

  /** The model without its raw data. What is malformed stays as it is, for the parser to report. */
  byte[] skeleton() {
    try {
      return rewrite(Kind.MODEL, source.position(), source.limit(), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private byte[] rewrite(Kind kind, int from, int end, int depth) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes, bufferSize(end - from));
    int at = from;
    while (at < end) {
      int start = at;
      int[] cursor = {at};
      long tag = varint(cursor, end);
      int field = (int) (tag >>> 3);
      int wireType = (int) (tag & 7);
      if (kind == Kind.TENSOR && field == MARKER) {
        throw ModelException.of(
            name, "a tensor with field " + MARKER, "fields of ONNX", "The file is damaged");
      }
      long next =
          switch (wireType) {
            case WireFormat.WIRETYPE_VARINT -> {
              varint(cursor, end);
              yield cursor[0];
            }
            case WireFormat.WIRETYPE_FIXED64 -> cursor[0] + 8L;
            case WireFormat.WIRETYPE_FIXED32 -> cursor[0] + 4L;
            case WireFormat.WIRETYPE_LENGTH_DELIMITED -> {
              long length = varint(cursor, end);
              yield length < 0 ? Long.MAX_VALUE : cursor[0] + length;
            }
            default -> Long.MAX_VALUE;
          };
      if (cursor[0] > end || next > end) {
        copy(start, end, out);
        break;
      }
      at = (int) next;
      boolean delimited = wireType == WireFormat.WIRETYPE_LENGTH_DELIMITED;
      Kind child = delimited && depth < MAX_DEPTH ? kind.child(field) : null;
      if (child != null) {
        out.writeByteArray(field, rewrite(child, cursor[0], at, depth + 1));
      } else if (delimited
          && kind == Kind.TENSOR
          && field == RAW_DATA
          && at - cursor[0] >= MIN_BYTES) {
        out.writeUInt32(MARKER, slices.size());
        slices.add(MemorySegment.ofBuffer(source.slice(cursor[0], at - cursor[0])));
      } else {
        copy(start, at, out);
      }
    }
    out.flush();
    return bytes.toByteArray();
  }

  /** Most messages are tiny, and a file may have millions of them. */
  private static int bufferSize(int length) {
    return Math.min(length + 16, 4096);
  }

  private void copy(int from, int end, CodedOutputStream out) throws IOException {
    byte[] bytes = new byte[end - from];
    source.get(from, bytes);
    out.writeRawBytes(bytes);
  }

  /** Reads a varint and moves the cursor behind it; past the end if it is malformed. */
  private long varint(int[] cursor, int end) {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (cursor[0] >= end) {
        break;
      }
      byte b = source.get(cursor[0]++);
      value |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        return value;
      }
    }
    cursor[0] = end + 1;
    return value;
  }

  /** The raw data that was taken out of a tensor; null if none was. */
  @Nullable MemorySegment data(TensorProto tensor) {
    UnknownFieldSet unknown = tensor.getUnknownFields();
    return unknown.hasField(MARKER)
        ? slices.get(unknown.getField(MARKER).getVarintList().getLast().intValue())
        : null;
  }

  static TensorProto unmarked(TensorProto tensor) {
    UnknownFieldSet unknown = tensor.getUnknownFields();
    return tensor.toBuilder()
        .setUnknownFields(unknown.toBuilder().clearField(MARKER).build())
        .build();
  }

  /** A tensor whose raw data will be the slice of that number. */
  static TensorProto.Builder mark(TensorProto.Builder tensor, int slice) {
    UnknownFieldSet.Field number = UnknownFieldSet.Field.newBuilder().addVarint(slice).build();
    return tensor.setUnknownFields(
        tensor.getUnknownFields().toBuilder().addField(MARKER, number).build());
  }
}
