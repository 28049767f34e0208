package dev.hasten.study.generate;

import java.util.List;

/** What an axis of an input stands for, and the sizes worth trying where the model names none. */
public enum AxisRole {
  /** Independent examples. */
  BATCH(1),
  /** Tokens, frames, samples: what grows with the input. */
  LENGTH(128, 64, 512, 576, 32, 256, 16, 1024, 8, 4, 16_000, 2, 1),
  /** Rows of pixels. */
  HEIGHT(224, 256, 320, 640, 64, 48, 32, 28, 8, 4, 2, 1),
  /** Columns of pixels. */
  WIDTH(224, 256, 320, 640, 64, 48, 32, 28, 8, 4, 2, 1),
  /** Colours or features of a pixel. */
  CHANNELS(3, 1, 4),
  /** Tokens seen before, kept in a cache. */
  PAST(16, 1, 0),
  /** Unknown. */
  OTHER(1, 2, 3, 4, 8, 16, 128);

  private final List<Long> sizes;

  AxisRole(long... sizes) {
    this.sizes = java.util.Arrays.stream(sizes).boxed().toList();
  }

  /** Sizes to try, most usual first. */
  List<Long> sizes() {
    return sizes;
  }
}
