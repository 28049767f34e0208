package dev.hasten.compress;

/**
 * How the numbers of one block are spelled: {@code w ≈ scale · (q − zero)}, {@code 0 <= q <
 * 2^bits}.
 *
 * @param bits of a number: 4 or 8
 * @param size numbers that share a scale and a zero point: a power of two, at least 16
 * @param symmetric the zero point is the middle of the range and is not stored
 */
record BlockFormat(int bits, int size, boolean symmetric) {

  /** What the numbers of one block share. The scale may be negative. */
  record Range(float scale, int zero) {
    float real(int q) {
      return scale * (q - zero);
    }
  }

  /** Finds scale and zero point of a block. */
  @FunctionalInterface
  interface Fit {
    Range of(float[] block, BlockFormat format);
  }

  int largest() {
    return (1 << bits) - 1;
  }

  int middle() {
    return 1 << (bits - 1);
  }

  int blocks(int length) {
    return Math.ceilDiv(length, size);
  }

  /**
   * The range that keeps the block's extremes; zero is always met exactly. Symmetric, the weight of
   * largest magnitude gets the lowest number, of which there is one more than of positive ones.
   */
  Range widest(float[] block) {
    float low = 0;
    float high = 0;
    for (float w : block) {
      low = Math.min(low, w);
      high = Math.max(high, w);
    }
    if (symmetric) {
      float extreme = high > -low ? high : low;
      return new Range(usable(extreme / -middle()), middle());
    }
    float scale = usable((float) (((double) high - low) / largest()));
    return new Range(scale, clamp(-low / scale));
  }

  /** A scale that divides: a block of zeros has any, and denormal numbers divide badly. */
  static float usable(float scale) {
    return scale == 0 ? 1f : Math.copySign(Math.max(Math.abs(scale), Float.MIN_NORMAL), scale);
  }

  int round(float weight, Range range) {
    return clamp(weight / range.scale + range.zero);
  }

  private int clamp(float q) {
    return (int) Math.max(0, Math.min(largest(), Math.rint(q)));
  }
}
