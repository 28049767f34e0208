package dev.hasten.graph;

/**
 * A window that slides along one axis.
 *
 * @param kernel its length
 * @param pads what is added to the axis at both ends together
 * @param same whether the padding is such that only the stride shortens the axis
 */
record Windows(
    Dim kernel,
    long stride,
    long dilation,
    long pads,
    boolean same,
    boolean roundsUp,
    long before) {

  static Windows of(Site site, int index, Dim kernel) {
    long[] strides = site.integers("strides");
    long[] dilations = site.integers("dilations");
    long[] pads = site.integers("pads");
    String auto = site.node().stringAttribute("auto_pad", "NOTSET");
    boolean padded = pads != null && auto.equals("NOTSET");
    long before = padded && pads != null ? pads[index] : 0;
    long after = padded && pads != null ? pads[index + pads.length / 2] : 0;
    return new Windows(
        kernel,
        strides == null ? 1 : strides[index],
        dilations == null ? 1 : dilations[index],
        before + after,
        auto.startsWith("SAME"),
        site.integer("ceil_mode", 0) != 0,
        before);
  }

  static boolean isSame(Site site) {
    return site.node().stringAttribute("auto_pad", "NOTSET").startsWith("SAME");
  }

  /** The reach of the window: (kernel − 1) × dilation + 1. */
  private Dim reach() {
    return kernel.minus(1).times(dilation).plus(1);
  }

  /** How often the window fits. */
  Dim slide(Dim length) {
    if (same) {
      return length.ceilDiv(Dim.of(stride));
    }
    Dim room = length.plus(pads).minus(reach());
    if (!roundsUp) {
      return room.floorDiv(stride).plus(1);
    }
    Dim count = room.ceilDiv(Dim.of(stride)).plus(1);
    // A window that would begin in the padding at the end is left out.
    if (count instanceof Dim.Fixed(long n)
        && length instanceof Dim.Fixed(long l)
        && (n - 1) * stride >= l + before) {
      return Dim.of(n - 1);
    }
    return count;
  }

  /** The length that the window would have slid along: the inverse. */
  Dim grow(Dim length) {
    return same ? length.times(stride) : length.minus(1).times(stride).plus(reach()).minus(pads);
  }
}
