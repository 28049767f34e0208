package dev.hasten.runtime;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * An image's file that comes to an end for decoders that take no notice of it: some fill up with
 * zeros what is missing, and in a damaged file they may do so for ever.
 */
final class EndingImageStream extends MemoryCacheImageInputStream {
  /** Reading so often behind the end is no accident. */
  private static final int MOST_PAST_END = 100_000;

  private int pastEnd;

  EndingImageStream(byte[] file) {
    super(new ByteArrayInputStream(file));
  }

  @Override
  public int read() throws IOException {
    int value = super.read();
    if (value < 0) {
      countPastEnd();
    }
    return value;
  }

  @Override
  public int read(byte[] into, int from, int length) throws IOException {
    int count = super.read(into, from, length);
    if (count < 0) {
      countPastEnd();
    }
    return count;
  }

  private void countPastEnd() throws IOException {
    if (++pastEnd > MOST_PAST_END) {
      throw new IOException("the file ends too early");
    }
  }
}
