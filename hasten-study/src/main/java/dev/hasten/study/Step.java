package dev.hasten.study;

import dev.hasten.compress.Parameter;
import dev.hasten.compress.Recipe;
import dev.hasten.compress.Stage;
import dev.hasten.compress.TechniqueInfo;
import dev.hasten.compress.Techniques;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

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

  /**
   * The same leaving nodes in floating point besides those it leaves already; itself if it does not
   * quantize, or cannot leave nodes out.
   */
  Step excluding(List<String> nodes) {
    if (nodes.isEmpty()) {
      return this;
    }
    TechniqueInfo info = Techniques.named(technique);
    Parameter exclude =
        info.parameters().stream().filter(p -> p.name().equals("exclude")).findFirst().orElse(null);
    if (info.stage() != Stage.QUANTIZE || exclude == null) {
      return this;
    }
    Object given = params.get("exclude");
    Set<Object> all = new LinkedHashSet<>();
    all.addAll((List<?>) (given == null ? exclude.defaultValue() : exclude.check(given)));
    all.addAll(nodes);
    Map<String, Object> changed = new LinkedHashMap<>(params);
    changed.put("exclude", List.copyOf(all));
    return new Step(technique, changed);
  }

  /** The recipe of these steps, to apply or to write. */
  static Recipe recipe(List<Step> steps) {
    return new Recipe(
        steps.stream().map(s -> new dev.hasten.compress.Step(s.technique(), s.params())).toList());
  }
}
