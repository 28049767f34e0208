package dev.hasten.study.tune;

import dev.hasten.measure.LoadResult;
import java.time.Duration;

/**
 * What a setting did at one load.
 *
 * @param offered requests a second that arrived
 * @param goodput answers within the goal, a second
 * @param p50 of the answers, from the arrivals that were intended
 * @param p99 likewise
 * @param inTime share of the requests that were answered within the goal; refused ones were not
 * @param requests that arrived in all
 */
public record LoadPoint(
    double offered, double goodput, Duration p50, Duration p99, double inTime, int requests) {
  /** Share of the requests that must be answered in time: what "p99" promises. */
  static final double KEPT = 0.99;

  static LoadPoint of(double offered, LoadResult result) {
    return new LoadPoint(
        offered,
        result.goodput(),
        result.latency(0.5),
        result.latency(0.99),
        result.share(LoadResult.End.IN_TIME),
        result.requests());
  }

  /** Whether 99 of 100 requests were answered within the goal. */
  public boolean kept() {
    return inTime >= KEPT;
  }
}
