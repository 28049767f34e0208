package dev.hasten.runtime;

import java.util.EnumSet;
import java.util.Set;

/**
 * The library whose results are reproduced. A model has learnt on what one of them made; another's
 * resize shifts edges and changes answers.
 */
public enum ImageLibrary {
  /**
   * Pillow (torchvision on PIL images, Hugging Face image processors, timm). When it makes an image
   * smaller, every filter grows with the factor, so that nothing is skipped (antialiasing).
   */
  PILLOW(
      EnumSet.of(
          Resampling.NEAREST,
          Resampling.BOX,
          Resampling.BILINEAR,
          Resampling.HAMMING,
          Resampling.BICUBIC,
          Resampling.LANCZOS)),
  /**
   * OpenCV (PaddleOCR, Ultralytics). Filters look at 2 or 4 pixels whatever the factor; only {@link
   * Resampling#AREA} averages.
   */
  OPENCV(EnumSet.of(Resampling.NEAREST, Resampling.AREA, Resampling.BILINEAR, Resampling.BICUBIC));

  private final Set<Resampling> methods;

  ImageLibrary(Set<Resampling> methods) {
    this.methods = methods;
  }

  boolean has(Resampling method) {
    return methods.contains(method);
  }

  Set<Resampling> methods() {
    return methods;
  }

  /** 8-bit pixels of another size. */
  PixelGrid resize(PixelGrid from, int width, int height, Resampling method) {
    if (from.width() == width && from.height() == height) {
      return from;
    }
    return switch (this) {
      case PILLOW -> PillowResize.resize(from, width, height, method);
      case OPENCV -> OpencvResize.resize(from, width, height, method);
    };
  }

  /** Red, green and blue as one brightness, 0 to 255. */
  int gray(int red, int green, int blue) {
    return switch (this) {
      case PILLOW -> (red * 19595 + green * 38470 + blue * 7471 + (1 << 15)) >> 16;
      case OPENCV -> (red * 9798 + green * 19235 + blue * 3735 + (1 << 14)) >> 15;
    };
  }
}
