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

  /** Where each image of one batch lies. */
  static List<Frame> frames(Fit fit, List<ImageDecoder.Size> images) {
    return switch (fit) {
      case Fit.Natural n -> each(images, size -> Frame.filled(size.width(), size.height()));
      case Fit.Stretch(int width, int height) -> each(images, size -> Frame.filled(width, height));
      case Fit.Shortest(int side) -> each(images, size -> shortest(side, size));
      case Fit.Inside inside -> each(images, size -> inside(inside, size));
      case Fit.Height height -> height(height, images);
      case Fit.Multiple multiple -> each(images, size -> multiple(multiple, size));
    };
  }

  private static List<Frame> each(
      List<ImageDecoder.Size> images, Function<ImageDecoder.Size, Frame> frame) {
    return images.stream().map(frame).toList();
  }

  private static Frame shortest(int size, ImageDecoder.Size image) {
    long width = image.width();
    long height = image.height();
    return width <= height
        ? Frame.filled(size, Math.toIntExact(size * height / width))
        : Frame.filled(Math.toIntExact(size * width / height), size);
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
  private static List<Frame> height(Fit.Height fit, List<ImageDecoder.Size> images) {
    double widest = 0;
    for (ImageDecoder.Size image : images) {
      widest = Math.max(widest, (double) image.width() / image.height());
    }
    int most = fit.maxWidth().orElse(Integer.MAX_VALUE);
    int canvas = (int) Math.clamp((long) (fit.height() * widest), fit.minWidth(), most);
    return images.stream()
        .map(image -> {
          double exact = fit.height() * ((double) image.width() / image.height());
          int width = (int) Math.clamp((long) Math.ceil(exact), 1, canvas);
          return new Frame(width, fit.height(), canvas, fit.height(), 0, 0);
        })
        .toList();
  }

  private static Frame multiple(Fit.Multiple fit, ImageDecoder.Size image) {
    int longer = Math.max(image.width(), image.height());
    int shorter = Math.min(image.width(), image.height());
    double scale = 1;
    if (fit.atMost().isPresent() && longer > fit.atMost().get()) {
      scale = (double) fit.atMost().get() / longer;
    } else if (fit.atLeast().isPresent() && shorter < fit.atLeast().get()) {
      scale = (double) fit.atLeast().get() / shorter;
    }
    return Frame.filled(
        rounded((int) (image.width() * scale), fit.multiple()),
        rounded((int) (image.height() * scale), fit.multiple()));
  }

  private static int rounded(int size, int multiple) {
    return Math.max(1, (int) Math.rint((double) size / multiple)) * multiple;
  }
}
