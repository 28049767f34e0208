package dev.hasten.compress;

import dev.hasten.graph.Model;

/**
 * One way to make a model faster or smaller. An implementation is immutable, holds its parameters,
 * and is made by its entry in {@link Techniques}, which also says what it is called and where it
 * stands in a recipe.
 */
@FunctionalInterface
public interface Technique {
  /**
   * Rewrites the model. Pure: {@code model} is left as it is. Nodes that can't be treated are left
   * alone, each with a refusal.
   *
   * @throws dev.hasten.graph.ModelException if the model as a whole can't be treated
   * @throws dev.hasten.runtime.BadInputException if the context lacks something needed, such as
   *     calibration data
   */
  Applied apply(Model model, Context context);
}
