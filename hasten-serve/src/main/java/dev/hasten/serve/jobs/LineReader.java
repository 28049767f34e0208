package dev.hasten.serve.jobs;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/** Lines of a stream, each of bounded length; the digest sees all of it. */
final class LineReader {
  private final InputStream in;
  private final MessageDigest digest;
  private final int longest;
  private final int large;
  private final Runnable becomesLarge;
  private final byte[] buffer = new byte[64 << 10];
  private int at;
  private int end;
  private long number;

  /**
   * @param becomesLarge is called once for each line of more than {@code large} bytes, before they
   *     are in memory
   */
  LineReader(InputStream in, MessageDigest digest, int longest, int large, Runnable becomesLarge) {
    this.in = in;
    this.digest = digest;
    this.longest = longest;
    this.large = large;
    this.becomesLarge = becomesLarge;
  }

  /**
   * @param number from 1, blank lines counted
   * @param tooLong the bytes are only its beginning
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Line(long number, byte[] bytes, boolean tooLong) {
    boolean blank() {
      for (byte b : bytes) {
        if (b != ' ' && b != '\t' && b != '\r') {
          return false;
        }
      }
      return true;
    }
  }

  /** The next line without its end; null after the last. */
  @Nullable Line next() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    boolean any = false;
    boolean tooLong = false;
    while (at < end || fill()) {
      any = true;
      int stop = at;
      while (stop < end && buffer[stop] != '\n') {
        stop++;
      }
      int room = Math.min(stop - at, longest - line.size());
      if (line.size() <= large && line.size() + room > large) {
        becomesLarge.run();
      }
      line.write(buffer, at, room);
      tooLong |= room < stop - at;
      boolean whole = stop < end;
      at = whole ? stop + 1 : stop;
      if (whole) {
        break;
      }
    }
    return any ? new Line(++number, line.toByteArray(), tooLong) : null;
  }

  private boolean fill() throws IOException {
    int read = in.read(buffer);
    if (read <= 0) {
      return false;
    }
    digest.update(buffer, 0, read);
    at = 0;
    end = read;
    return true;
  }
}
