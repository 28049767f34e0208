package dev.hasten.runtime;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What an image file says beside its pixels. A damaged remark is taken for none: the pixels may be
 * well all the same.
 *
 * @param orientation EXIF's, 1 to 8; 1: as stored
 * @param adobe the colour transform of a JPEG's Adobe segment (0: none, 1: YCbCr, 2: YCCK); -1
 *     without such a segment
 */
record ImageMarks(int orientation, int adobe) {
  private static final int ORIENTATION_TAG = 0x0112;
  private static final int SHORT = 3;

  static ImageMarks of(ImageFormat format, byte[] file) {
    try {
      return switch (format) {
        case JPEG -> jpeg(file);
        case PNG -> new ImageMarks(png(file), -1);
        case WEBP -> new ImageMarks(webp(file), -1);
        case BMP, GIF -> new ImageMarks(1, -1);
      };
    } catch (IndexOutOfBoundsException e) {
      return new ImageMarks(1, -1);
    }
  }

  /** Marker segments up to the first scan: FF, code, length, content. */
  private static ImageMarks jpeg(byte[] file) {
    ByteBuffer in = ByteBuffer.wrap(file);
    int orientation = 1;
    int adobe = -1;
    int at = 2;
    while (at + 4 <= file.length && (file[at] & 0xFF) == 0xFF) {
      int code = file[at + 1] & 0xFF;
      if (code == 0xFF) { // Fill byte.
        at++;
        continue;
      }
      if (code == 0xDA || code == 0xD9) {
        break;
      }
      int length = in.getShort(at + 2) & 0xFFFF;
      int content = at + 4;
      if (code == 0xE1 && ImageFormat.starts(file, content, "Exif\0\0") && orientation == 1) {
        orientation = exif(file, content + 6, at + 2 + length);
      } else if (code == 0xEE && ImageFormat.starts(file, content, "Adobe") && length >= 14) {
        adobe = file[content + 11] & 0xFF;
      }
      at += 2 + length;
    }
    return new ImageMarks(orientation, adobe);
  }

  /** Chunks: length, type, content, checksum; {@code eXIf} may come before or after the pixels. */
  private static int png(byte[] file) {
    ByteBuffer in = ByteBuffer.wrap(file);
    long at = 8;
    while (at + 12 <= file.length) {
      long length = in.getInt((int) at) & 0xFFFFFFFFL;
      if (ImageFormat.starts(file, (int) at + 4, "eXIf")) {
        return exif(file, (int) at + 8, (int) Math.min(file.length, at + 8 + length));
      }
      at += 12 + length;
    }
    return 1;
  }

  /** Chunks: type, length (little-endian), content, filled up to an even length. */
  private static int webp(byte[] file) {
    ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    long at = 12;
    while (at + 8 <= file.length) {
      long length = in.getInt((int) at + 4) & 0xFFFFFFFFL;
      if (ImageFormat.starts(file, (int) at, "EXIF")) {
        int start = (int) at + 8;
        // Some writers keep JPEG's prefix.
        int skip = ImageFormat.starts(file, start, "Exif\0\0") ? 6 : 0;
        return exif(file, start + skip, (int) Math.min(file.length, start + length));
      }
      at += 8 + length + (length & 1);
    }
    return 1;
  }

  /** The orientation in the first directory of a TIFF structure; 1 where there is none. */
  private static int exif(byte[] file, int from, int to) {
    ByteBuffer in = ByteBuffer.wrap(file, from, Math.min(to, file.length) - from).slice();
    if (ImageFormat.starts(file, from, "II*\0")) {
      in.order(ByteOrder.LITTLE_ENDIAN);
    } else if (!ImageFormat.starts(file, from, "MM\0*")) {
      return 1;
    }
    int directory = in.getInt(4);
    int entries = in.getShort(directory) & 0xFFFF;
    for (int i = 0; i < entries; i++) {
      int entry = directory + 2 + 12 * i;
      if (in.getShort(entry) == ORIENTATION_TAG && in.getShort(entry + 2) == SHORT) {
        int value = in.getShort(entry + 8) & 0xFFFF;
        return value >= 1 && value <= 8 ? value : 1;
      }
    }
    return 1;
  }

  /** Whether width and height change places when the image is turned upright. */
  boolean turned() {
    return orientation >= 5;
  }

  /** The image as it should be seen. */
  PixelGrid upright(PixelGrid stored) {
    if (orientation == 1) {
      return stored;
    }
    int width = turned() ? stored.height() : stored.width();
    int height = turned() ? stored.width() : stored.height();
    int lastX = stored.width() - 1;
    int lastY = stored.height() - 1;
    PixelGrid result = PixelGrid.empty(width, height, stored.channels());
    int to = 0;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int fromX =
            switch (orientation) {
              case 2, 3 -> lastX - x;
              case 5, 6 -> y;
              case 7, 8 -> lastX - y;
              default -> x;
            };
        int fromY =
            switch (orientation) {
              case 3, 4 -> lastY - y;
              case 5, 8 -> x;
              case 6, 7 -> lastY - x;
              default -> y;
            };
        int at = (fromY * stored.width() + fromX) * stored.channels();
        for (int c = 0; c < stored.channels(); c++) {
          result.data()[to++] = stored.data()[at + c];
        }
      }
    }
    return result;
  }
}
