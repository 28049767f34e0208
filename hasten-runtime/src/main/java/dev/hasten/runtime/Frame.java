package dev.hasten.runtime;

/**
 * Where an image lies in the model's input.
 *
 * @param width of the resized image
 * @param height of the resized image
 * @param canvasWidth of the input
 * @param canvasHeight of the input
 * @param left column of the input where the image begins; negative: so many columns are cut off
 * @param top row of the input where the image begins; negative: so many rows are cut off
 */
record Frame(int width, int height, int canvasWidth, int canvasHeight, int left, int top) {
  static Frame filled(int width, int height) {
    return new Frame(width, height, width, height, 0, 0);
  }

  /** The middle of it; the odd pixel as torchvision's {@code CenterCrop} has it. */
  Frame cropped(CropSize to) {
    return new Frame(
        width,
        height,
        to.width(),
        to.height(),
        left - offset(canvasWidth, to.width()),
        top - offset(canvasHeight, to.height()));
  }

  /** Negative where there is less than asked for: then half of what is missing comes before. */
  private static int offset(int have, int wanted) {
    return have < wanted ? -((wanted - have) / 2) : (int) Math.rint((have - wanted) / 2.0);
  }
}
