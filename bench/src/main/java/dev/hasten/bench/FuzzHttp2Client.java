package dev.hasten.bench;

import dev.hasten.bench.FuzzClient.Answer;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Sends a case over HTTP/2 and reads what comes back on its stream. */
final class FuzzHttp2Client implements AutoCloseable {
  private static final int CASES_PER_CONNECTION = 100;

  private final int port;
  private @Nullable Socket socket;
  private @Nullable InputStream in;
  private DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(false);
  private int stream;

  FuzzHttp2Client(int port) {
    this.port = port;
  }

  Answer send(FuzzCase one) throws IOException {
    if (!one.whole() || stream > 2 * CASES_PER_CONNECTION) {
      close();
    }
    boolean used = socket != null;
    Answer answer = once(one);
    if (used && answer.status() == 0 && !answer.hung()) {
      // The server may have ended the connection for what came before.
      close();
      answer = once(one);
    }
    if (!one.whole() || answer.status() == 0) {
      close();
    }
    return answer;
  }

  private Answer once(FuzzCase one) throws IOException {
    Socket open = open();
    stream += 2;
    try {
      for (byte[] piece : one.bytes()) {
        open.getOutputStream().write(FuzzHttp2.at(piece, stream));
      }
      open.setSoTimeout(one.whole() ? FuzzClient.LIMIT_MILLIS : FuzzClient.PATIENCE_MILLIS);
      return read(open.getOutputStream());
    } catch (SocketTimeoutException e) {
      return one.whole() ? Answer.none() : Answer.closed();
    } catch (IOException e) {
      return Answer.closed();
    }
  }

  private Socket open() throws IOException {
    Socket known = socket;
    if (known == null) {
      known = new Socket(InetAddress.getLoopbackAddress(), port);
      known.setTcpNoDelay(true);
      socket = known;
      in = new BufferedInputStream(known.getInputStream());
      decoder = new DefaultHttp2HeadersDecoder(false);
      stream = -1;
      OutputStream out = known.getOutputStream();
      out.write(Http2Wire.PREFACE);
      out.write(Http2Wire.frame(Http2Wire.SETTINGS, 0, 0, new byte[0]));
    }
    return known;
  }

  private Answer read(OutputStream out) throws IOException {
    InputStream from = Objects.requireNonNull(in);
    int status = 0;
    int grpc = -1;
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    while (true) {
      byte[] head = from.readNBytes(Http2Wire.HEADER_BYTES);
      if (head.length < Http2Wire.HEADER_BYTES) {
        throw new EOFException();
      }
      int length = (head[0] & 0xff) << 16 | (head[1] & 0xff) << 8 | head[2] & 0xff;
      byte[] payload = from.readNBytes(length);
      int flags = head[4];
      boolean own = ByteBuffer.wrap(head).getInt(5) == stream;
      boolean last = own && (flags & Http2Wire.END_STREAM) != 0;
      switch (head[3]) {
        case Http2Wire.HEADERS -> {
          Http2Headers headers = headers(payload);
          if (own) {
            status = number(headers.status(), status);
            grpc = number(headers.get("grpc-status"), grpc);
            CharSequence message = headers.get("grpc-message");
            if (message != null) {
              said.writeBytes(FuzzBodies.utf8(message.toString()));
            }
          }
        }
        case Http2Wire.DATA -> {
          if (own) {
            said.writeBytes(payload);
          }
          if (length > 0) {
            out.write(Http2Wire.windowUpdate(0, length));
            if (!last) {
              out.write(Http2Wire.windowUpdate(stream, length));
            }
          }
          last &= true;
        }
        case Http2Wire.SETTINGS -> {
          if ((flags & Http2Wire.ACK) == 0) {
            out.write(Http2Wire.frame(Http2Wire.SETTINGS, Http2Wire.ACK, 0, new byte[0]));
          }
          last = false;
        }
        case Http2Wire.PING -> {
          if ((flags & Http2Wire.ACK) == 0) {
            out.write(Http2Wire.frame(Http2Wire.PING, Http2Wire.ACK, 0, payload));
          }
          last = false;
        }
        case Http2Wire.RST_STREAM -> last = own;
        case Http2Wire.GOAWAY -> {
          return new Answer(status, grpc, text(said), false);
        }
        default -> last = false;
      }
      if (last) {
        // Reset without an answer: refused as a frame, which is an end too.
        return new Answer(status == 0 ? 1 : status, grpc, text(said), false);
      }
    }
  }

  private static String text(ByteArrayOutputStream said) {
    return said.toString(StandardCharsets.UTF_8);
  }

  private Http2Headers headers(byte[] block) throws IOException {
    try {
      return decoder.decodeHeaders(stream, Unpooled.wrappedBuffer(block));
    } catch (Http2Exception e) {
      throw new IOException(e);
    }
  }

  private static int number(@Nullable CharSequence text, int otherwise) {
    return text == null ? otherwise : Integer.parseInt(text.toString());
  }

  @Override
  public void close() throws IOException {
    Socket known = socket;
    socket = null;
    in = null;
    if (known != null) {
      known.close();
    }
  }
}
