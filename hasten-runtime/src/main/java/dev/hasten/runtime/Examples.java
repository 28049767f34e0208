package dev.hasten.runtime;

/** Examples in words. */
final class Examples {
  private Examples() {}

  /** Says that a pipeline takes something else. */
  static BadInputException unexpected(Example example, String expected) {
    return new BadInputException(
        "example: "
            + describe(example)
            + " (expected: "
            + expected
            + ", as the bundle's pipeline says)");
  }

  private static String describe(Example example) {
    return switch (example) {
      case Example.Text text -> "a text";
      case Example.Tensors tensors -> "tensors " + tensors.tensors().keySet();
      case Example.Image image -> ImageDecoder.name(image.source());
      case Example.Audio audio -> AudioPipeline.name(audio.source());
      case Example.Row row -> "a row of " + row.values().keySet();
    };
  }
}
