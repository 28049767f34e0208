package dev.hasten.serve.repository;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;

/**
 * How many requests took how long: counts in buckets that grow by 2^(1/4), from 25 µs to 105 s, so
 * that a percentile read from them is off by less than a tenth. They only grow; what happened
 * between two looks is the difference. Thread-safe.
 */
public final class Latencies {
  private static final int PER_DOUBLING = 4;
  private static final int DOUBLINGS = 22;
  private static final double FIRST_NANOS = 25_000;
  private static final int BOUNDED = PER_DOUBLING * DOUBLINGS + 1;

  /** The last has no bound. */
  private final LongAdder[] counts = new LongAdder[BOUNDED + 1];

  Latencies() {
    Arrays.setAll(counts, i -> new LongAdder());
  }

  void add(Duration took) {
    double doublings = Math.log(Math.max(took.toNanos(), 1) / FIRST_NANOS) / Math.log(2);
    counts[(int) Math.clamp(Math.ceil(PER_DOUBLING * doublings), 0, BOUNDED)].increment();
  }

  /** Buckets, the last one without a bound included. */
  public int size() {
    return counts.length;
  }

  /** Requests in a bucket. */
  public long count(int bucket) {
    return counts[bucket].sum();
  }

  /** The longest time of a bucket, in seconds; infinite for the last. */
  public double seconds(int bucket) {
    return bucket == BOUNDED
        ? Double.POSITIVE_INFINITY
        : FIRST_NANOS * 1e-9 * Math.pow(2, (double) bucket / PER_DOUBLING);
  }

  /** Whether a coarser histogram, of doublings, has a bound here too. */
  public boolean isDoubling(int bucket) {
    return bucket % PER_DOUBLING == 0 && bucket < BOUNDED;
  }
}
