package dev.hasten.runtime;

import java.util.ArrayList;
import java.util.List;

/**
 * An input or output as the model declares it.
 *
 * @param shape sizes; -1 where the size may vary
 * @param dimensionNames the model's name of each size, empty where it has none
 */
public record TensorInfo(
    String name, ElementType type, List<Long> shape, List<String> dimensionNames) {
  public TensorInfo {
    shape = List.copyOf(shape);
    dimensionNames = List.copyOf(dimensionNames);
  }

  public int rank() {
    return shape.size();
  }

  /** Whether no size may vary. */
  public boolean isFixed() {
    return shape.stream().noneMatch(n -> n < 0);
  }

  /** For messages: {@code input_ids int64[batch,sequence]}. */
  @Override
  public String toString() {
    List<String> dims = new ArrayList<>();
    for (int i = 0; i < shape.size(); i++) {
      String dimension = i < dimensionNames.size() ? dimensionNames.get(i) : "";
      dims.add(
          shape.get(i) >= 0 ? Long.toString(shape.get(i)) : dimension.isEmpty() ? "?" : dimension);
    }
    return name + " " + type + "[" + String.join(",", dims) + "]";
  }
}
