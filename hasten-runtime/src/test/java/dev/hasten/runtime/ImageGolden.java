package dev.hasten.runtime;

import java.util.List;

/** What Pillow and OpenCV made: see {@code src/test/python/image_golden.py}. */
final class ImageGolden {
  private static final Golden ARRAYS = Golden.of("/images.npz");

  private ImageGolden() {}

  static NdArray get(String name) {
    return ARRAYS.get(name);
  }

  static List<String> below(String folder) {
    return ARRAYS.below(folder);
  }

  static byte[] file(String name) {
    return ARRAYS.file(name);
  }

  static Example example(String source) {
    return Example.image(get("source/" + source));
  }

  static PixelGrid pixels(NdArray array) {
    return new ImageDecoder(1_000_000, false).decode(new ImageSource.Pixels(array));
  }

  static int largestDifference(PixelGrid a, PixelGrid b) {
    if (a.width() != b.width() || a.height() != b.height() || a.channels() != b.channels()) {
      return Integer.MAX_VALUE;
    }
    int largest = 0;
    for (int i = 0; i < a.data().length; i++) {
      largest = Math.max(largest, Math.abs(a.at(i) - b.at(i)));
    }
    return largest;
  }
}
