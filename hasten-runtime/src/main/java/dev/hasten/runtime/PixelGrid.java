package dev.hasten.runtime;

/**
 * 8-bit pixels, row by row, the channels of a pixel side by side.
 *
 * @param channels 1 (gray) or 3 (red, green, blue)
 * @param data {@code height × width × channels} bytes, unsigned; not to be written to once shared
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared; an image is too large to be copied.
record PixelGrid(int width, int height, int channels, byte[] data) {
  static PixelGrid empty(int width, int height, int channels) {
    return new PixelGrid(
        width,
        height,
        channels,
        new byte[Math.multiplyExact(Math.multiplyExact(width, height), channels)]);
  }

  /** Unsigned, by its place in {@code data}. */
  int at(int index) {
    return data[index] & 0xFF;
  }

  /** One channel for a gray image, three for a coloured one. */
  PixelGrid withChannels(int wanted, ImageLibrary library) {
    if (wanted == channels) {
      return this;
    }
    PixelGrid result = empty(width, height, wanted);
    byte[] to = result.data;
    int pixels = width * height;
    for (int i = 0; i < pixels; i++) {
      if (wanted == 1) {
        to[i] = (byte) library.gray(at(3 * i), at(3 * i + 1), at(3 * i + 2));
      } else {
        to[3 * i] = data[i];
        to[3 * i + 1] = data[i];
        to[3 * i + 2] = data[i];
      }
    }
    return result;
  }

  /** The pixels at these columns and rows. */
  PixelGrid pick(int[] columns, int[] rows) {
    PixelGrid result = empty(columns.length, rows.length, channels);
    int to = 0;
    for (int row : rows) {
      for (int column : columns) {
        int at = (row * width + column) * channels;
        for (int c = 0; c < channels; c++) {
          result.data[to++] = data[at + c];
        }
      }
    }
    return result;
  }
}
