package dev.hasten.study;

import java.util.Collections;
import java.util.LinkedHashMap;
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
}
