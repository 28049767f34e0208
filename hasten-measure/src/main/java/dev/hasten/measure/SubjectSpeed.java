package dev.hasten.measure;

import java.time.Duration;

/**
 * A subject's speed in a row.
 *
 * @param name the subject
 * @param calls timed calls
 * @param p50 median time of a call
 * @param p95 95th percentile
 * @param p99 99th percentile
 * @param examplesPerSecond throughput of one caller at the median
 * @param speedup median of baseline time ÷ this subject's time, paired by block; above 1 is faster
 * @param drowned whether the difference from the baseline is within the machine's noise: nothing
 *     can be said about which is faster
 */
public record SubjectSpeed(
    String name,
    int calls,
    Duration p50,
    Duration p95,
    Duration p99,
    double examplesPerSecond,
    Interval speedup,
    boolean drowned) {}
