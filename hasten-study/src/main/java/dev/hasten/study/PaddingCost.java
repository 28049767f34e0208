package dev.hasten.study;

import dev.hasten.measure.Interval;
import java.time.Duration;

/**
 * What padding costs when examples of different lengths share a run, and what grouping by length
 * saves: measured on the workload's own lengths.
 *
 * @param batch examples a run
 * @param arrival share of the tokens computed that is padding, in the order of arrival
 * @param grouped the same where each {@code window} examples are sorted by length first
 * @param window examples that are looked at together
 * @param arrivalTime median time to answer a window in the order of arrival
 * @param groupedTime the same, grouped
 * @param speedup arrival ÷ grouped, paired by window
 */
public record PaddingCost(
    int batch,
    double arrival,
    double grouped,
    int window,
    Duration arrivalTime,
    Duration groupedTime,
    Interval speedup) {}
