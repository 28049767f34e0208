package dev.hasten.runtime;

import java.util.Optional;

/** How large an image is made, and where it lies in the model's input. Sizes are in pixels. */
public sealed interface Fit {
  /** As large as it is. */
  record Natural() implements Fit {}

  /** Exactly this size; proportions change. */
  record Stretch(int width, int height) implements Fit {
    public Stretch {
      positive("width", width);
      positive("height", height);
    }
  }

  /**
   * The shorter side gets this size, the longer one follows, rounded down: torchvision's {@code
   * Resize(size)}. Usually followed by a crop.
   */
  record Shortest(int size) implements Fit {
    public Shortest {
      positive("size", size);
    }
  }

  /**
   * As large as goes into a box of this size; the rest of the box is padding ("letterbox").
   *
   * @param centered whether the image lies in the middle, else in the upper left corner
   */
  record Inside(int width, int height, boolean centered) implements Fit {
    public Inside {
      positive("width", width);
      positive("height", height);
    }
  }

  /**
   * Exactly this height, the width following, rounded up; padding on the right up to the widest of
   * the batch. What PP-OCR's recognition takes.
   *
   * @param minWidth narrower batches are padded up to it
   * @param maxWidth wider images are squeezed into it; absent: none are
   */
  record Height(int height, int minWidth, Optional<Integer> maxWidth) implements Fit {
    public Height {
      positive("height", height);
      positive("minWidth", minWidth);
      maxWidth.ifPresent(most -> {
        if (most < minWidth) {
          throw new BadInputException(
              "maxWidth: " + most + " (expected: >= minWidth, which is " + minWidth + ")");
        }
      });
    }
  }

  /**
   * Both sides become multiples of a number, after one of them was brought within a limit. What
   * PP-OCR's detection takes.
   *
   * @param atMost the longer side is made no longer than this, if present
   * @param atLeast the shorter side is made no shorter than this, if present
   * @param multiple each side is rounded to the nearest multiple, and never to 0
   */
  record Multiple(Optional<Integer> atMost, Optional<Integer> atLeast, int multiple)
      implements Fit {
    public Multiple {
      atMost.ifPresent(size -> positive("atMost", size));
      atLeast.ifPresent(size -> positive("atLeast", size));
      positive("multiple", multiple);
      if (atMost.isPresent() && atLeast.isPresent()) {
        throw new BadInputException("atMost and atLeast (expected: one of them)");
      }
    }
  }

  private static void positive(String name, int value) {
    if (value < 1) {
      throw new BadInputException(name + ": " + value + " (expected: >= 1)");
    }
  }
}
