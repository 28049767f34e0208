package dev.hasten.runtime;

/** How pixels of another size are made. Which exist depends on the {@link ImageLibrary}. */
public enum Resampling {
  /** The nearest pixel. */
  NEAREST,
  /** Pillow: the mean of the pixels covered, whole pixels only. */
  BOX,
  /** OpenCV: the mean of the area covered, fractions of pixels included. */
  AREA,
  /** Linear in both directions. */
  BILINEAR,
  /** Pillow: a wider, smoother linear. */
  HAMMING,
  /** Cubic in both directions. */
  BICUBIC,
  /** Pillow: a windowed sinc over three lobes. */
  LANCZOS
}
