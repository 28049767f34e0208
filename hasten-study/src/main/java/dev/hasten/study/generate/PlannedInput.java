package dev.hasten.study.generate;

import dev.hasten.graph.Shape;
import dev.hasten.runtime.ElementType;

/**
 * An input as it will be made.
 *
 * @param name the model's
 * @param type of its elements
 * @param shape sizes, some by the symbols of the plan
 * @param values how its elements are made
 */
public record PlannedInput(String name, ElementType type, Shape shape, ValueRule values) {
  PlannedInput withValues(ValueRule changed) {
    return new PlannedInput(name, type, shape, changed);
  }
}
