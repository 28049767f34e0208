package dev.hasten.study.report;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the page's script draws. Numbers to place, and lines of finished text to show: the script
 * formats nothing.
 *
 * @param frontier speed against quality; null where nothing was measured
 * @param roofline operators under the machine's limits; null where they were not measured
 */
record ChartData(@Nullable Frontier frontier, @Nullable RooflineChart roofline) {
  /**
   * The frontier.
   *
   * @param points baseline, peers and candidates
   * @param line the undominated ones, by speed
   * @param floor the lowest quality that was allowed
   * @param lowerIsBetter the metric's direction: the axis is turned so that up is better
   * @param selected the point shown first
   */
  record Frontier(
      List<Point> points,
      List<double[]> line,
      double floor,
      String floorLabel,
      String speedName,
      String speedNameShort,
      String qualityName,
      boolean lowerIsBetter,
      String selected) {}

  /**
   * A trial.
   *
   * @param id of the element that tells more
   * @param kind BASELINE, PEER or CANDIDATE
   * @param promise KEPT, BROKEN or UNDECIDED
   * @param lines of the tooltip, the first in bold
   */
  record Point(
      String id,
      String name,
      String kind,
      String promise,
      boolean delivered,
      double speed,
      double speedLow,
      double speedHigh,
      double quality,
      double qualityLow,
      double qualityHigh,
      long bytes,
      List<String> lines) {}

  /** The roofline. {@code bandwidth} in bytes per second. */
  record RooflineChart(double bandwidth, List<Peak> peaks, List<Placed> points) {}

  /** A ceiling, in operations per second. */
  record Peak(String name, double rate) {}

  /**
   * An operator.
   *
   * @param phase {@code before} or {@code after}
   * @param intensity operations per byte
   * @param rate operations per second
   * @param share of the run's time
   */
  record Placed(String phase, double intensity, double rate, double share, List<String> lines) {}
}
