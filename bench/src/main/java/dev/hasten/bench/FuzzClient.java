package dev.hasten.bench;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Sends a case over HTTP/1.1 and reads what comes back. A connection stays in use while cases are
 * framed as they should be.
 */
final class FuzzClient implements AutoCloseable {
  /** Within so long a request must have ended. */
  static final int LIMIT_MILLIS = 20_000;

  /** And a connection on which nothing happens any more: an idle one is closed after a minute. */
  private static final int IDLE_MILLIS = 75_000;

  /** So long an answer is waited for until the client ends its half of the connection. */
  static final int PATIENCE_MILLIS = 25;

  /**
   * What came back.
   *
   * @param status of HTTP; 0: the connection was closed without an answer
   * @param grpc status of gRPC; -1: none
   * @param said the body, or gRPC's message
   * @param hung nothing came within the limit
   */
  record Answer(int status, int grpc, String said, boolean hung) {
    static Answer closed() {
      return new Answer(0, -1, "", false);
    }

    static Answer none() {
      return new Answer(0, -1, "", true);
    }
  }

  private final int port;
  private @Nullable Socket socket;
  private @Nullable InputStream in;

  FuzzClient(int port) {
    this.port = port;
  }

  Answer send(FuzzCase one) throws IOException {
    if (!one.whole()) {
      close();
      Answer answer = doubtful(one);
      close();
      return answer;
    }
    boolean used = socket != null;
    Answer answer = whole(one);
    // The server may have closed the connection in between: once more on a new one.
    return used && answer.status() == 0 && !answer.hung() ? whole(one) : answer;
  }

  private Answer whole(FuzzCase one) throws IOException {
    try {
      Socket open = open();
      open.setSoTimeout(LIMIT_MILLIS);
      write(open, one);
      return read(one.head());
    } catch (SocketTimeoutException e) {
      close();
      return Answer.none();
    } catch (IOException e) {
      close();
      return Answer.closed();
    }
  }

  private Answer doubtful(FuzzCase one) throws IOException {
    Socket open = open();
    try {
      write(open, one);
      open.setSoTimeout(PATIENCE_MILLIS);
      InputStream from = java.util.Objects.requireNonNull(in);
      from.mark(1);
      try {
        from.read();
        from.reset();
      } catch (SocketTimeoutException e) {
        // It waits for more, and may: until it hears that there is no more.
        open.shutdownOutput();
      }
      open.setSoTimeout(IDLE_MILLIS);
      return read(one.head());
    } catch (SocketTimeoutException e) {
      return Answer.none();
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
    }
    return known;
  }

  private static void write(Socket to, FuzzCase one) throws IOException {
    OutputStream out = to.getOutputStream();
    for (byte[] piece : one.bytes()) {
      out.write(piece);
      out.flush();
    }
  }

  private Answer read(boolean head) throws IOException {
    InputStream from = java.util.Objects.requireNonNull(in);
    while (true) {
      String start = line(from);
      String[] words = start.split(" ", 3);
      if (words.length < 2 || !words[0].startsWith("HTTP/1.")) {
        throw new IOException("not HTTP/1: " + start);
      }
      int status = Integer.parseInt(words[1]);
      long length = -1;
      boolean chunked = false;
      boolean close = words[0].equals("HTTP/1.0");
      String line;
      while (!(line = line(from)).isEmpty()) {
        String lower = line.toLowerCase(Locale.ROOT);
        if (lower.startsWith("content-length:")) {
          length = Long.parseLong(lower.substring(15).strip());
        }
        chunked |= lower.startsWith("transfer-encoding:") && lower.contains("chunked");
        close |= lower.startsWith("connection:") && lower.contains("close");
      }
      if (status / 100 == 1) {
        if (status == 101) {
          close();
          return new Answer(status, -1, "", false);
        }
        continue;
      }
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      if (!head && status != 204 && status != 304) {
        if (chunked) {
          chunks(from, body);
        } else if (length >= 0) {
          body.writeBytes(exactly(from, length));
        } else {
          close = true;
          body.writeBytes(from.readAllBytes());
        }
      }
      if (close) {
        close();
      }
      return new Answer(status, -1, body.toString(StandardCharsets.UTF_8), false);
    }
  }

  private static void chunks(InputStream from, ByteArrayOutputStream body) throws IOException {
    while (true) {
      long size = Long.parseLong(line(from).split(";", 2)[0].strip(), 16);
      if (size == 0) {
        while (!line(from).isEmpty()) {
          // Trailers say nothing here.
        }
        return;
      }
      body.writeBytes(exactly(from, size));
      line(from);
    }
  }

  private static byte[] exactly(InputStream from, long length) throws IOException {
    byte[] bytes = from.readNBytes(Math.toIntExact(length));
    if (bytes.length < length) {
      throw new EOFException();
    }
    return bytes;
  }

  private static String line(InputStream from) throws IOException {
    StringBuilder line = new StringBuilder();
    int next;
    while ((next = from.read()) != '\n') {
      if (next < 0) {
        throw new EOFException();
      }
      if (next != '\r') {
        line.append((char) next);
      }
    }
    return line.toString();
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
