package dev.hasten.runtime;

/** What is kept of the middle of an image, in pixels; a smaller image is padded. */
public record CropSize(int width, int height) {
  public CropSize {
    if (width < 1 || height < 1) {
      throw new BadInputException("crop: " + width + "×" + height + " (expected: >= 1)");
    }
  }
}
