package dev.hasten.runtime;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A WAV file: linear samples of 8, 16, 24 or 32 bits, or floating-point ones of 32 or 64. Channels
 * are mixed to one by their mean.
 *
 * @param frames samples per channel
 * @param content the samples, interleaved, little-endian
 */
record WavFile(Coding coding, int channels, int rate, int frames, ByteBuffer content) {
  private static final int PCM = 1;
  private static final int FLOAT = 3;
  private static final int EXTENSIBLE = 0xFFFE;

  /** How a sample is written. */
  enum Coding {
    PCM_8(1),
    PCM_16(2),
    PCM_24(3),
    PCM_32(4),
    FLOAT_32(4),
    FLOAT_64(8);

    private final int bytes;

    Coding(int bytes) {
      this.bytes = bytes;
    }

    double sample(ByteBuffer in, int at) {
      return switch (this) {
        case PCM_8 -> ((in.get(at) & 0xFF) - 128) / 128.0;
        case PCM_16 -> in.getShort(at) / 32768.0;
        case PCM_24 ->
            ((in.get(at + 2) << 16) | (in.get(at + 1) & 0xFF) << 8 | (in.get(at) & 0xFF))
                / 8388608.0;
        case PCM_32 -> in.getInt(at) / 2147483648.0;
        case FLOAT_32 -> in.getFloat(at);
        case FLOAT_64 -> in.getDouble(at);
      };
    }
  }

  /**
   * @param name for messages
   */
  static WavFile read(String name, byte[] file) {
    if (!ImageFormat.starts(file, 0, "RIFF") || !ImageFormat.starts(file, 8, "WAVE")) {
      throw new BadInputException(name + ": not a WAV file (expected: RIFF … WAVE)");
    }
    ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    Format format = null;
    long at = 12;
    while (at + 8 <= file.length) {
      long length = in.getInt((int) at + 4) & 0xFFFFFFFFL;
      int content = (int) at + 8;
      if (ImageFormat.starts(file, (int) at, "fmt ")) {
        format = Format.read(name, in, content, length);
      } else if (ImageFormat.starts(file, (int) at, "data")) {
        if (format == null) {
          throw new BadInputException(name + ": its data come before their format");
        }
        // Recorders that were cut off leave a length that is too large, or none.
        int bytes = (int) Math.min(length, file.length - content);
        int frames = bytes / (format.coding.bytes * format.channels);
        ByteBuffer data = in.slice(content, bytes).order(ByteOrder.LITTLE_ENDIAN);
        return new WavFile(format.coding, format.channels, format.rate, frames, data);
      }
      at += 8 + length + (length & 1);
    }
    throw new BadInputException(name + ": holds no data (expected: a data chunk)");
  }

  private record Format(Coding coding, int channels, int rate) {
    static Format read(String name, ByteBuffer in, int at, long length) {
      if (length < 16 || at + length > in.capacity()) {
        throw new BadInputException(name + ": its format is cut off");
      }
      int tag = in.getShort(at) & 0xFFFF;
      int channels = in.getShort(at + 2) & 0xFFFF;
      int rate = in.getInt(at + 4);
      int bits = in.getShort(at + 14) & 0xFFFF;
      if (tag == EXTENSIBLE && length >= 26) {
        tag = in.getShort(at + 24) & 0xFFFF;
      }
      if (channels < 1 || channels > 64 || rate < 1 || rate > 1_000_000) {
        throw new BadInputException(
            name
                + ": "
                + channels
                + " channels at "
                + rate
                + " Hz (expected: 1 to 64 channels, 1 to"
                + " 1000000 Hz)");
      }
      return new Format(coding(name, tag, bits), channels, rate);
    }

    private static Coding coding(String name, int tag, int bits) {
      if (tag == PCM) {
        switch (bits) {
          case 8:
            return Coding.PCM_8;
          case 16:
            return Coding.PCM_16;
          case 24:
            return Coding.PCM_24;
          case 32:
            return Coding.PCM_32;
          default:
        }
      } else if (tag == FLOAT && bits == 32) {
        return Coding.FLOAT_32;
      } else if (tag == FLOAT && bits == 64) {
        return Coding.FLOAT_64;
      }
      throw new BadInputException(
          name
              + ": format "
              + tag
              + " with "
              + bits
              + " bits (expected: linear samples of 8, 16, 24"
              + " or 32 bits, or floating-point ones of 32 or 64)");
    }
  }

  Sound mono() {
    double[] samples = new double[frames];
    int at = 0;
    for (int i = 0; i < frames; i++) {
      double sum = 0;
      for (int c = 0; c < channels; c++) {
        sum += coding.sample(content, at);
        at += coding.bytes;
      }
      samples[i] = sum / channels;
    }
    return new Sound(samples, rate);
  }
}
