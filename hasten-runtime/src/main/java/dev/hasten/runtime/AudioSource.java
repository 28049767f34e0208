package dev.hasten.runtime;

import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Where a recording's content is. */
public sealed interface AudioSource {
  /** A WAV file; read when it is needed. */
  record File(Path path) implements AudioSource {}

  /**
   * The content of a WAV file.
   *
   * @param bytes {@code uint8[n]}
   */
  record Encoded(NdArray bytes) implements AudioSource {
    public Encoded {
      if (bytes.type() != ElementType.UINT8 || bytes.rank() != 1) {
        throw new BadInputException("audio: " + bytes + " (expected: the bytes of a file)");
      }
    }

    static Encoded of(byte[] file) {
      return new Encoded(NdArray.of(ElementType.UINT8, ByteBuffer.wrap(file.clone()), file.length));
    }
  }

  /**
   * Samples.
   *
   * @param samples {@code float[n]}, one channel, from -1 to 1
   * @param rate samples per second
   */
  record Samples(NdArray samples, int rate) implements AudioSource {
    public Samples {
      if (samples.type() != ElementType.FLOAT || samples.rank() != 1) {
        throw new BadInputException("audio: " + samples + " (expected: float[samples])");
      }
      if (rate < 1) {
        throw new BadInputException("audio: rate " + rate + " (expected: >= 1)");
      }
    }
  }
}
