package dev.hasten.compress;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One line of a recipe.
 *
 * @param technique its name in {@link Techniques}
 * @param params by parameter name, in the order given; what is missing takes its default
 */
public record Step(String technique, Map<String, Object> params) {
  public Step {
    params = Collections.unmodifiableMap(new LinkedHashMap<>(params));
  }

  /** A step with every parameter at its default. */
  public static Step of(String technique) {
    return new Step(technique, Map.of());
  }

  /** A step with parameters given as name, value, name, value… */
  public static Step of(String technique, Object... namesAndValues) {
    Map<String, Object> params = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      params.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return new Step(technique, params);
  }

  /** The registry's line on its technique. */
  TechniqueInfo info() {
    return Techniques.named(technique);
  }

  /** The technique, ready to apply. */
  public Technique create() {
    return info().create(params);
  }
}
