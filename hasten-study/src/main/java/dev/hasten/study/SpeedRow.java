package dev.hasten.study;

import dev.hasten.measure.Interval;
import dev.hasten.measure.Row;
import java.time.Duration;

/**
 * The speed of a trial in one row of the workload.
 *
 * @param row batch, length (0: natural), threads
 * @param p50 median time of a call
 * @param p95 95th percentile
 * @param p99 99th percentile
 * @param examplesPerSecond throughput of one caller at the median
 * @param speedup baseline time ÷ this trial's time, paired; above 1 is faster
 * @param noise what the baseline against itself gave in the same run
 * @param drowned whether the speed-up is within the noise
 * @param calls timed calls
 */
public record SpeedRow(
    Row row,
    Duration p50,
    Duration p95,
    Duration p99,
    double examplesPerSecond,
    Interval speedup,
    Interval noise,
    boolean drowned,
    int calls) {}
