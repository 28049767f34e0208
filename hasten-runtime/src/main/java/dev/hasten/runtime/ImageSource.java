package dev.hasten.runtime;

import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Where an image's content is. */
public sealed interface ImageSource {
  /** A file in one of the formats that {@link Encoded} lists; read when it is needed. */
  record File(Path path) implements ImageSource {}

  /**
   * The content of a JPEG, PNG, BMP, GIF or WebP file. Of an animation the first picture counts.
   *
   * @param bytes {@code uint8[n]}
   */
  record Encoded(NdArray bytes) implements ImageSource {
    public Encoded {
      if (bytes.type() != ElementType.UINT8 || bytes.rank() != 1) {
        throw new BadInputException("image: " + bytes + " (expected: the bytes of a file)");
      }
    }

    static Encoded of(byte[] file) {
      return new Encoded(NdArray.of(ElementType.UINT8, ByteBuffer.wrap(file.clone()), file.length));
    }
  }

  /**
   * Pixels.
   *
   * @param pixels {@code uint8[height, width]} (gray) or {@code uint8[height, width, 3]} (red,
   *     green, blue)
   */
  record Pixels(NdArray pixels) implements ImageSource {
    public Pixels {
      boolean planar = pixels.rank() == 2 || (pixels.rank() == 3 && pixels.dimension(2) == 3);
      if (pixels.type() != ElementType.UINT8 || !planar || pixels.size() == 0) {
        throw new BadInputException(
            "image: " + pixels + " (expected: uint8[height, width] or uint8[height, width, 3])");
      }
    }
  }
}
