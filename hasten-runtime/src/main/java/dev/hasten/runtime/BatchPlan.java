package dev.hasten.runtime;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Which examples run together: like with like, so that little padding is computed. */
final class BatchPlan {
  private BatchPlan() {}

  /** Positions in {@code examples}, each exactly once. */
  static List<List<Integer>> of(
      List<? extends Example> examples, InputPipeline pipeline, int maxBatch) {
    Map<String, List<Integer>> groups = new LinkedHashMap<>();
    for (int i = 0; i < examples.size(); i++) {
      groups.computeIfAbsent(pipeline.group(examples.get(i)), k -> new ArrayList<>()).add(i);
    }
    List<List<Integer>> plan = new ArrayList<>();
    int most = Math.min(maxBatch, pipeline.mostAtOnce());
    for (List<Integer> group : groups.values()) {
      if (group.size() > most) {
        // Once each: an image's weight costs a look into its file.
        Map<Integer, Integer> weights = new HashMap<>();
        group.forEach(i -> weights.put(i, pipeline.weight(examples.get(i))));
        group.sort(Comparator.comparing(weights::get));
      }
      for (int from = 0; from < group.size(); from += most) {
        plan.add(List.copyOf(group.subList(from, Math.min(group.size(), from + most))));
      }
    }
    return plan;
  }
}
