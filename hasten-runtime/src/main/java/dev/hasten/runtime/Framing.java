package dev.hasten.runtime;

import java.util.List;
import java.util.function.Function;

/** The arithmetic of {@link Fit}. */
final class Framing {
  private Framing() {}

  /** Whether images of any size share a run without regard to theirs. */
  static boolean mixes(Fit fit) {
    return switch (fit) {
      case Fit.Stretch s -> true;
      case Fit.Inside i -> true;
      case Fit.Height h -> true;
      case Fit.Natural n -> false;
      case Fit.Shortest s -> false;
      case Fit.Multiple m -> false;
    };
  }

  /**
   * Where each image of one batch lies.
   *
   * @param maxPixels a long thin image may grow to no more than this, where its proportions decide
   */
  static List<Frame> frames(Fit fit, List<ImageDecoder.Size> images, long maxPixels) {
    return switch (fit) {
      case Fit.Natural n -> each(images, size -> Frame.filled(size.width(), size.height()));
      case Fit.Stretch(int width, int height) -> each(images, size -> Frame.filled(width, height));
      case Fit.Shortest(int side) -> each(images, size -> shortest(side, size, maxPixels));
      case Fit.Inside inside -> each(images, size -> inside(inside, size));
      case Fit.Height height -> height(height, images, maxPixels);
      case Fit.Multiple multiple -> each(images, size -> multiple(multiple, size, maxPixels));
    };
  }

  private static List<Frame> each(
      List<ImageDecoder.Size> images, Function<ImageDecoder.Size, Frame> frame) {
    return images.stream().map(frame).toList();
  }

  private static Frame shortest(int size, ImageDecoder.Size image, long maxPixels) {
    long width = image.width();
    long height = image.height();
    return width <= height
        ? filled(image, size, size * height / width, maxPixels)
        : filled(image, size * width / height, size, maxPixels);
  }

  private static Frame filled(ImageDecoder.Size image, long width, long height, long maxPixels) {
    check(image, width, height, maxPixels);
    return Frame.filled((int) width, (int) height);
  }

  private static void check(ImageDecoder.Size image, long width, long height, long maxPixels) {
    // Divided, since the product may be more than a long holds.
    if (width > Integer.MAX_VALUE || height > Integer.MAX_VALUE || width > maxPixels / height) {
      throw new BadInputException(
          "image of "
              + image.width()
              + "×"
              + image.height()
              + " pixels: resized to "
              + width
              + "×"
              + height
              + " (expected: at most "
              + maxPixels
              + " pixels in all; raise input.maxPixels if such images are to be taken)");
    }
  }

  private static Frame inside(Fit.Inside box, ImageDecoder.Size image) {
    double scale =
        Math.min((double) box.width() / image.width(), (double) box.height() / image.height());
    // Ties go to the even number, as in the Python code that models are trained with.
    int width = Math.clamp(Math.round(Math.rint(image.width() * scale)), 1, box.width());
    int height = Math.clamp(Math.round(Math.rint(image.height() * scale)), 1, box.height());
    int left = box.centered() ? (box.width() - width) / 2 : 0;
    int top = box.centered() ? (box.height() - height) / 2 : 0;
    return new Frame(width, height, box.width(), box.height(), left, top);
  }

  /**
   * The batch is as wide as its widest image, whose width is rounded down; those of the others are
   * rounded up. So does PaddleOCR.
   */
  private static List<Frame> height(
      Fit.Height fit, List<ImageDecoder.Size> images, long maxPixels) {
    double widest = 0;
    ImageDecoder.Size wide = images.getFirst();
    for (ImageDecoder.Size image : images) {
      double ratio = (double) image.width() / image.height();
      if (ratio > widest) {
        widest = ratio;
        wide = image;
      }
    }
    int most = fit.maxWidth().orElse(Integer.MAX_VALUE);
    int canvas = (int) Math.clamp((long) (fit.height() * widest), fit.minWidth(), most);
    check(wide, canvas, fit.height(), maxPixels);
    return images.stream()
        .map(image -> {
          double exact = fit.height() * ((double) image.width() / image.height());
          int width = (int) Math.clamp((long) Math.ceil(exact), 1, canvas);
          return new Frame(width, fit.height(), canvas, fit.height(), 0, 0);
        })
        .toList();
  }

  private static Frame multiple(Fit.Multiple fit, ImageDecoder.Size image, long maxPixels) {
    int longer = Math.max(image.width(), image.height());
    int shorter = Math.min(image.width(), image.height());
    double scale = 1;
    if (fit.atMost().isPresent() && longer > fit.atMost().get()) {
      scale = (double) fit.atMost().get() / longer;
    } else if (fit.atLeast().isPresent() && shorter < fit.atLeast().get()) {
      scale = (double) fit.atLeast().get() / shorter;
    }
    return filled(
        image,
        rounded((long) (image.width() * scale), fit.multiple()),
        rounded((long) (image.height() * scale), fit.multiple()),
        maxPixels);
  }

  private static long rounded(long size, int multiple) {
    return Math.max(1, (long) Math.rint((double) size / multiple)) * multiple;
  }
}
