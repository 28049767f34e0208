package dev.hasten.graph;

import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;

/**
 * What each release of ONNX Runtime has, asked of the releases themselves: read from {@code
 * onnxruntime-versions.txt}, which {@code bench/peers/ort_versions.py} writes.
 */
final class RuntimeFacts {
  static final Comparator<String> BY_NUMBER =
      Comparator.comparingInt(release -> Integer.parseInt(release.substring(2)));

  static final NavigableMap<String, TargetRuntime> RELEASES = new TreeMap<>(BY_NUMBER);
  private static final Map<String, NavigableMap<String, Addition>> CONTRIBUTED = new HashMap<>();
  private static final Map<String, Map<Long, Set<String>>> GAPS = new HashMap<>();

  /**
   * What a release added to a contributed operator.
   *
   * @param isNew whether the operator came with it
   * @param firstInput the index of the first new input; none if {@code Integer.MAX_VALUE}
   */
  record Addition(boolean isNew, Set<String> attributes, int firstInput) {}

  static {
    for (String line : OpsetAdditions.lines("onnxruntime-versions.txt")) {
      List<String> words = List.of(line.split(" "));
      List<String> rest = words.subList(Math.min(3, words.size()), words.size());
      switch (words.getFirst()) {
        case "R" ->
            RELEASES.put(
                words.get(1),
                new TargetRuntime(
                    words.get(1),
                    Long.parseLong(words.get(2)),
                    Long.parseLong(words.get(3)),
                    Long.parseLong(words.get(4))));
        case "M" -> {
          String since = words.get(2).equals("0") ? "1.0" : words.get(2);
          CONTRIBUTED
              .computeIfAbsent(words.get(1), _ -> new TreeMap<>(BY_NUMBER))
              .put(since, addition(rest));
        }
        case "G" ->
            GAPS.computeIfAbsent(words.get(1), _ -> new HashMap<>())
                .put(Long.valueOf(words.get(2)), Set.copyOf(rest));
        default -> throw new IllegalStateException("onnxruntime-versions.txt: " + line);
      }
    }
  }

  private RuntimeFacts() {}

  private static Addition addition(List<String> words) {
    boolean isNew = false;
    int firstInput = Integer.MAX_VALUE;
    Set<String> attributes = new HashSet<>();
    for (String word : words) {
      if (word.equals("new")) {
        isNew = true;
      } else if (word.startsWith("a=")) {
        attributes.add(word.substring(2));
      } else {
        firstInput = Integer.parseInt(word.substring(2));
      }
    }
    return new Addition(isNew, attributes, firstInput);
  }

  /** Whether any release has this contributed operator on the CPU. */
  static boolean knows(String contributed) {
    return CONTRIBUTED.containsKey(contributed);
  }

  /** What releases after this one added to a contributed operator. */
  static Map<String, Addition> after(String release, String contributed) {
    return CONTRIBUTED.getOrDefault(contributed, new TreeMap<>(BY_NUMBER)).tailMap(release, false);
  }

  /** Whether a release has no kernel for this version of a standard operator. */
  static boolean lacks(String release, String opType, long version) {
    return GAPS.getOrDefault(opType, Map.of()).getOrDefault(version, Set.of()).contains(release);
  }

  static String newest() {
    return RELEASES.lastKey();
  }
}
