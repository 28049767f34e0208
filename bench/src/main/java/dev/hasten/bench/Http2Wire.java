package dev.hasten.bench;

import static dev.hasten.bench.FuzzBodies.utf8;

import java.io.ByteArrayOutputStream;
import java.util.List;

/** Frames of HTTP/2 (RFC 9113) as bytes; headers are never compressed (RFC 7541, 6.2.2). */
final class Http2Wire {
  static final int DATA = 0;
  static final int HEADERS = 1;
  static final int RST_STREAM = 3;
  static final int SETTINGS = 4;
  static final int PING = 6;
  static final int GOAWAY = 7;
  static final int WINDOW_UPDATE = 8;
  static final int CONTINUATION = 9;
  static final int END_STREAM = 1;
  static final int ACK = 1;
  static final int END_HEADERS = 4;
  static final int PADDED = 8;
  static final int HEADER_BYTES = 9;

  static final byte[] PREFACE = utf8("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

  private Http2Wire() {}

  /** A name and its value. */
  record Field(String name, String value) {}

  static byte[] frame(int type, int flags, int stream, byte[] payload) {
    byte[] frame = new byte[HEADER_BYTES + payload.length];
    frame[0] = (byte) (payload.length >> 16);
    frame[1] = (byte) (payload.length >> 8);
    frame[2] = (byte) payload.length;
    frame[3] = (byte) type;
    frame[4] = (byte) flags;
    putInt(frame, 5, stream);
    System.arraycopy(payload, 0, frame, HEADER_BYTES, payload.length);
    return frame;
  }

  static byte[] windowUpdate(int stream, int more) {
    byte[] payload = new byte[4];
    putInt(payload, 0, more);
    return frame(WINDOW_UPDATE, 0, stream, payload);
  }

  static void putInt(byte[] into, int at, int value) {
    into[at] = (byte) (value >> 24);
    into[at + 1] = (byte) (value >> 16);
    into[at + 2] = (byte) (value >> 8);
    into[at + 3] = (byte) value;
  }

  /** A block of literal fields without indexing. */
  static byte[] block(List<Field> fields) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (Field field : fields) {
      out.write(0);
      string(out, utf8(field.name()));
      string(out, utf8(field.value()));
    }
    return out.toByteArray();
  }

  private static void string(ByteArrayOutputStream out, byte[] text) {
    if (text.length < 127) {
      out.write(text.length);
    } else {
      out.write(127);
      int rest = text.length - 127;
      while (rest >= 128) {
        out.write(rest % 128 + 128);
        rest /= 128;
      }
      out.write(rest);
    }
    out.writeBytes(text);
  }
}
