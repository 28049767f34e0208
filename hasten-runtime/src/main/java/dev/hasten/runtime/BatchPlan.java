package dev.hasten.runtime;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Which examples run together: like with like, so that little padding is computed. */
final class BatchPlan {
  private BatchPlan() {}

  /** Positions in {@code examples}, each exactly once. */
  static List<List<Integer>> of(List<? extends Example> examples, boolean batches, int maxBatch) {
    Map<String, List<Integer>> groups = new LinkedHashMap<>();
    for (int i = 0; i < examples.size(); i++) {
      groups.computeIfAbsent(kind(examples.get(i)), k -> new ArrayList<>()).add(i);
    }
    List<List<Integer>> plan = new ArrayList<>();
    int most = batches ? maxBatch : 1;
    for (List<Integer> group : groups.values()) {
      if (group.size() > most) {
        group.sort(Comparator.comparingInt(i -> characters(examples.get(i))));
      }
      for (int from = 0; from < group.size(); from += most) {
        plan.add(List.copyOf(group.subList(from, Math.min(group.size(), from + most))));
      }
    }
    return plan;
  }

  /** Texts are padded to each other; tensors of different shapes cannot be. */
  private static String kind(Example example) {
    return switch (example) {
      case Example.Text text -> "";
      case Example.Tensors(Map<String, NdArray> tensors) -> {
        StringBuilder shapes = new StringBuilder();
        new TreeMap<>(tensors)
            .forEach((name, t) -> shapes.append(name).append(Arrays.toString(t.shape())));
        yield shapes.toString();
      }
    };
  }

  private static int characters(Example example) {
    return example instanceof Example.Text(String text) ? text.length() : 0;
  }
}
