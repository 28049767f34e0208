package dev.hasten.study;

import dev.hasten.compress.Recipe;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One technique of a recipe with its parameters, as plain data.
 *
 * @param technique its name
 * @param params those given, in the recipe's order
 */
public record Step(String technique, Map<String, Object> params) {
  public Step {
    params = Collections.unmodifiableMap(new LinkedHashMap<>(params));
  }

  @Override
  public String toString() {
    return params.isEmpty() ? technique : technique + params;
  }

  /** The recipe of these steps, to apply or to write. */
  static Recipe recipe(List<Step> steps) {
    return new Recipe(
        steps.stream().map(s -> new dev.hasten.compress.Step(s.technique(), s.params())).toList());
  }
}
