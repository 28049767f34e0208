package dev.hasten.runtime;

/**
 * Between number types, where no meaning is lost: data files rarely have the model's exact type.
 */
final class Conversion {
  private Conversion() {}

  /**
   * Floating types to each other, and integers to any type that holds their values.
   *
   * @param name for messages
   */
  static NdArray to(ElementType type, NdArray array, String name) {
    if (array.type() == type) {
      return array;
    }
    if (array.type() == ElementType.STRING
        || type == ElementType.STRING
        || type == ElementType.BFLOAT16
        || (array.type().isFloating() && !type.isFloating())) {
      throw new BadInputException(
          "tensor " + name + ": type " + array.type() + " (expected: " + type + ")");
    }
    if (type.isFloating()) {
      return Elements.ofDoubles(type, array.toDoubles(), array.shape());
    }
    long[] elements = array.toLongs();
    NdArray result = Elements.ofLongs(type, elements, array.shape());
    long[] back = result.toLongs();
    for (int i = 0; i < elements.length; i++) {
      if (elements[i] != back[i]) {
        throw new BadInputException(
            "tensor " + name + ": " + elements[i] + " (expected: a value of type " + type + ")");
      }
    }
    return result;
  }
}
