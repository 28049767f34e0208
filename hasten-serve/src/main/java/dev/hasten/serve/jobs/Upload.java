package dev.hasten.serve.jobs;

import dev.hasten.serve.jobs.JobParts.Part;
import dev.hasten.serve.protocol.ProtocolException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The lines of a bulk job on their way into the database. So that many uploads do not fill the
 * memory, some lines are held at once, and one that is larger than all of these needs one of the
 * few places that all uploads have for such lines.
 */
final class Upload {
  /** So many bytes of lines are written at once; a line of more is large. */
  static final int BYTES_AT_ONCE = 4 << 20;

  private static final int LINES_AT_ONCE = 500;

  private final String job;
  private final JobParts parts;
  private final int longestLine;
  private final Semaphore largeLines;
  private final Duration wait;
  private final Patience patience;
  private final List<Part> some = new ArrayList<>();
  private long bytes;
  private long lines;
  private long failed;
  private boolean large;

  /** How long a client may send nothing. */
  interface Patience {
    /** It is waited for; may be called again while it is. */
    void begin();

    /** It is not: what takes time now is ours. */
    void end();
  }

  /**
   * @param failed those that are too long
   */
  record Received(long lines, long failed) {}

  /**
   * @param largeLines places for them
   * @param wait for a place at most
   */
  Upload(
      String job,
      JobParts parts,
      int longestLine,
      Semaphore largeLines,
      Duration wait,
      Patience patience) {
    this.job = job;
    this.parts = parts;
    this.longestLine = longestLine;
    this.largeLines = largeLines;
    this.wait = wait;
    this.patience = patience;
  }

  /** Reads and writes all; the digest sees all of it. */
  Received receive(InputStream in, MessageDigest digest) throws IOException {
    InputStream patient =
        new FilterInputStream(in) {
          @Override
          public int read(byte[] into, int offset, int length) throws IOException {
            patience.begin();
            return super.read(into, offset, length);
          }
        };
    LineReader reader =
        new LineReader(patient, digest, longestLine, BYTES_AT_ONCE, this::becomesLarge);
    try {
      LineReader.@Nullable Line line;
      while ((line = reader.next()) != null) {
        take(line);
      }
      write();
      return new Received(lines, failed);
    } finally {
      patience.end();
      leave();
    }
  }

  private void take(LineReader.Line line) {
    if (line.tooLong()) {
      lines++;
      failed++;
      some.add(
          BulkRun.error(
              line.number(),
              new byte[0],
              "the line is too long (expected: at most %d bytes)".formatted(longestLine)));
    } else if (!line.blank()) {
      lines++;
      some.add(new Part(line.number(), line.bytes(), null, false));
      bytes += line.bytes().length;
    }
    if (large || some.size() >= LINES_AT_ONCE || bytes >= BYTES_AT_ONCE) {
      write();
      leave();
    }
  }

  private void write() {
    patience.end();
    if (!some.isEmpty()) {
      parts.add(job, some);
      some.clear();
      bytes = 0;
    }
  }

  private void becomesLarge() {
    // Whoever waits holds as little as it can.
    write();
    try {
      large = largeLines.tryAcquire(wait.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw ProtocolException.unavailable("the server is stopping", Optional.empty());
    }
    if (!large) {
      throw ProtocolException.tooMany(
          "too many lines of more than %d bytes are being sent (send fewer such uploads at once)"
              .formatted(BYTES_AT_ONCE),
          Duration.ofSeconds(1));
    }
  }

  private void leave() {
    if (large) {
      largeLines.release();
      large = false;
    }
  }
}
