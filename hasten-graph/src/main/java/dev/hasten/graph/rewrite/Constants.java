package dev.hasten.graph.rewrite;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import org.jspecify.annotations.Nullable;

/** What rules ask of constants. */
final class Constants {
  private Constants() {}

  /** Whether the elements can be read as numbers. */
  static boolean isNumeric(Tensor tensor) {
    return tensor.type().isFloating()
        || tensor.type().isInteger()
        || tensor.type() == DataType.BOOL;
  }

  /** The number of a constant with one element; {@code otherwise} where there is no value. */
  static @Nullable Double number(@Nullable Value value, double otherwise) {
    return value == null ? Double.valueOf(otherwise) : Pattern.single(value);
  }
}
