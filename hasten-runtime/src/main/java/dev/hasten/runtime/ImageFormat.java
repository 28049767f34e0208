package dev.hasten.runtime;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/** The image formats that are taken, told by a file's first bytes, never by its name. */
enum ImageFormat {
  JPEG("jpeg"),
  PNG("png"),
  BMP("bmp"),
  GIF("gif"),
  WEBP("webp");

  private final String reader;

  ImageFormat(String reader) {
    this.reader = reader;
  }

  /** What ImageIO calls it. */
  String reader() {
    return reader;
  }

  static Optional<ImageFormat> of(byte[] file) {
    if (starts(file, 0, "\u00FF\u00D8\u00FF")) {
      return Optional.of(JPEG);
    }
    if (starts(file, 0, "\u0089PNG\r\n\u001A\n")) {
      return Optional.of(PNG);
    }
    if (starts(file, 0, "BM")) {
      return Optional.of(BMP);
    }
    if (starts(file, 0, "GIF8")) {
      return Optional.of(GIF);
    }
    if (starts(file, 0, "RIFF") && starts(file, 8, "WEBP")) {
      return Optional.of(WEBP);
    }
    return Optional.empty();
  }

  static boolean starts(byte[] file, int at, String text) {
    byte[] wanted = text.getBytes(StandardCharsets.ISO_8859_1);
    return at >= 0
        && at + wanted.length <= file.length
        && Arrays.equals(file, at, at + wanted.length, wanted, 0, wanted.length);
  }
}
