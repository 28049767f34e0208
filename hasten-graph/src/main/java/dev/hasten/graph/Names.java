package dev.hasten.graph;

import java.util.HashMap;
import java.util.Map;

/**
 * The names in use in a model, subgraphs included, with how often. Sibling subgraphs may use a name
 * twice; fresh names are unique in the whole model, so that no edit can shadow anything.
 */
final class Names {
  private final Map<String, Integer> counts = new HashMap<>();
  private final Map<String, Integer> nextSuffix = new HashMap<>();

  void take(String name) {
    counts.merge(name, 1, Integer::sum);
  }

  void release(String name) {
    counts.computeIfPresent(name, (k, n) -> n == 1 ? null : n - 1);
  }

  int count(String name) {
    return counts.getOrDefault(name, 0);
  }

  String unique(String base) {
    String stem = base.isEmpty() ? "value" : base;
    if (!counts.containsKey(stem)) {
      return stem;
    }
    int suffix = nextSuffix.getOrDefault(stem, 1);
    while (counts.containsKey(stem + "_" + suffix)) {
      suffix++;
    }
    nextSuffix.put(stem, suffix + 1);
    return stem + "_" + suffix;
  }
}
