package dev.hasten.study;

import java.util.ArrayList;
import java.util.List;

/** The trials that no other beats. Pareto 1896. */
final class Frontier {
  private Frontier() {}

  /**
   * A trial as three numbers, of which more is better.
   *
   * @param speedup over the baseline
   * @param quality minus the drop
   * @param smallness minus the bytes
   */
  record Point(String id, double speedup, double quality, double smallness) {
    /** At least as good in everything, better in something. */
    boolean dominates(Point other) {
      return speedup >= other.speedup
          && quality >= other.quality
          && smallness >= other.smallness
          && (speedup > other.speedup || quality > other.quality || smallness > other.smallness);
    }
  }

  /** Ids of the points that no other dominates, in the order given. */
  static List<String> of(List<Point> points) {
    List<String> frontier = new ArrayList<>();
    for (Point point : points) {
      if (points.stream().noneMatch(other -> other.dominates(point))) {
        frontier.add(point.id());
      }
    }
    return List.copyOf(frontier);
  }
}
