package dev.hasten.measure;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Quality per slice of the data. */
public final class Slices {
  /** Slices of fewer examples say too little to be named. */
  public static final int MIN_EXAMPLES = 20;

  private Slices() {}

  /**
   * Every slice of at least {@link #MIN_EXAMPLES}, the largest drop first. Empty for a metric
   * without per-example scores.
   *
   * @param comparison over the examples
   * @param examples the same examples in the same order
   * @param confidence of all intervals together
   */
  public static List<SliceDrop> of(
      Comparison comparison, List<LabeledExample> examples, double confidence, long seed) {
    if (examples.size() != comparison.sample().size()) {
      throw new IllegalArgumentException(
          "%d examples (expected: %d, as were compared)"
              .formatted(examples.size(), comparison.sample().size()));
    }
    double[] drops = comparison.drops().orElse(new double[0]);
    if (drops.length == 0) {
      return List.of();
    }
    List<Slice> slices = slices(examples);
    List<SliceDrop> result = new ArrayList<>();
    // Bonferroni: all intervals hold at once with the confidence asked for.
    double each = 1 - (1 - confidence) / Math.max(1, slices.size());
    for (Slice slice : slices) {
      double[] own = slice.places().stream().mapToDouble(i -> drops[i]).toArray();
      Interval drop = Drops.interval(own, each, seed);
      double original = comparison.original();
      double candidate = comparison.candidate();
      if (comparison.metric().originalScore().isPresent()) {
        candidate =
            comparison.metric().direction() == Direction.HIGHER_IS_BETTER
                ? original - drop.estimate()
                : original + drop.estimate();
      } else {
        int[] places = slice.places().stream().mapToInt(Integer::intValue).toArray();
        Sample part = comparison.sample().subset(places);
        candidate = comparison.metric().score(part).value();
        original = comparison.metric().score(part.ofOriginal()).value();
      }
      boolean worse = drop.low() > comparison.drop();
      result.add(
          new SliceDrop(
              slice.field(), slice.value(), own.length, original, candidate, drop, worse));
    }
    result.sort(Comparator.comparingDouble((SliceDrop s) -> s.drop().estimate()).reversed());
    return List.copyOf(result);
  }

  private record Slice(String field, String value, List<Integer> places) {}

  private static List<Slice> slices(List<LabeledExample> examples) {
    Map<String, Map<String, List<Integer>>> byField = new TreeMap<>();
    for (int i = 0; i < examples.size(); i++) {
      int place = i;
      examples
          .get(i)
          .slices()
          .forEach((field, value) ->
              byField
                  .computeIfAbsent(field, f -> new TreeMap<>())
                  .computeIfAbsent(value, v -> new ArrayList<>())
                  .add(place));
    }
    List<Slice> slices = new ArrayList<>();
    byField.forEach((field, values) ->
        values.forEach((value, places) -> {
          if (places.size() >= MIN_EXAMPLES) {
            slices.add(new Slice(field, value, places));
          }
        }));
    return slices;
  }
}
