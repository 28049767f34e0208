package dev.hasten.measure;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** What became of the requests of a {@link LoadTest}. */
public final class LoadResult {
  /** How a request ended. */
  public enum End {
    /** Answered within the goal. */
    IN_TIME,
    /** Answered after it. */
    LATE,
    /** Not taken. */
    REFUSED,
    /** Taken, but not run before its deadline. */
    EXPIRED,
    /** Anything else: bad input, a broken connection. */
    FAILED
  }

  private final Duration time;
  private final Map<End, long[]> nanos = new EnumMap<>(End.class);
  private final long[] answered;
  private final long[] lags;
  private final String failure;

  LoadResult(Duration time, End[] ends, long[] nanos, long[] lags, String failure) {
    this.time = time;
    this.lags = sorted(Arrays.stream(lags).boxed().toList());
    this.failure = failure;
    Map<End, List<Long>> byEnd = new EnumMap<>(End.class);
    for (int i = 0; i < ends.length; i++) {
      byEnd.computeIfAbsent(ends[i], e -> new ArrayList<>()).add(nanos[i]);
    }
    for (End end : End.values()) {
      this.nanos.put(end, sorted(byEnd.getOrDefault(end, List.of())));
    }
    List<Long> both = new ArrayList<>(byEnd.getOrDefault(End.IN_TIME, List.of()));
    both.addAll(byEnd.getOrDefault(End.LATE, List.of()));
    this.answered = sorted(both);
  }

  private LoadResult(List<LoadResult> rounds) {
    this.time = rounds.stream().map(LoadResult::time).reduce(Duration.ZERO, Duration::plus);
    for (End end : End.values()) {
      nanos.put(end, merged(rounds.stream().map(round -> round.of(end)).toList()));
    }
    this.answered = merged(rounds.stream().map(round -> round.answered).toList());
    this.lags = merged(rounds.stream().map(round -> round.lags).toList());
    this.failure =
        rounds.stream().map(LoadResult::failure).filter(f -> !f.isEmpty()).findFirst().orElse("");
  }

  /** Several rounds as one. */
  public static LoadResult joined(List<LoadResult> rounds) {
    return new LoadResult(rounds);
  }

  private static long[] sorted(List<Long> values) {
    return values.stream().mapToLong(n -> n).sorted().toArray();
  }

  private static long[] merged(List<long[]> parts) {
    return parts.stream().flatMapToLong(Arrays::stream).sorted().toArray();
  }

  private long[] of(End end) {
    return nanos.getOrDefault(end, new long[0]);
  }

  /** From the first arrival's clock to the last arrival's or the last answer in time. */
  public Duration time() {
    return time;
  }

  /** Requests that arrived. */
  public int requests() {
    return lags.length;
  }

  /** How many ended so. */
  public int count(End how) {
    return of(how).length;
  }

  /** Share of the requests that ended so, 0 to 1. */
  public double share(End how) {
    return requests() == 0 ? 0 : (double) count(how) / requests();
  }

  /** Answers within the goal per second. */
  public double goodput() {
    return count(End.IN_TIME) / seconds();
  }

  /** Answers per second, in time or late. */
  public double throughput() {
    return answered.length / seconds();
  }

  private double seconds() {
    return time.toNanos() / 1e9;
  }

  /**
   * Of the answers, in time or late, from the arrival that was intended.
   *
   * @param quantile 0.99 for p99
   */
  public Duration latency(double quantile) {
    return at(answered, quantile);
  }

  /** Until a refusal was told, from the arrival that was intended. */
  public Duration refusal(double quantile) {
    return at(of(End.REFUSED), quantile);
  }

  /** How late the driver itself was: its own share of every latency. */
  public Duration lag(double quantile) {
    return at(lags, quantile);
  }

  /** One of the failures, for people; empty if there was none. */
  public String failure() {
    return failure;
  }

  /** The smallest time that the share of them does not exceed; zero if there are none. */
  private static Duration at(long[] sorted, double share) {
    if (sorted.length == 0) {
      return Duration.ZERO;
    }
    int place = (int) Math.ceil(share * sorted.length) - 1;
    return Duration.ofNanos(Math.max(0, sorted[Math.max(0, place)]));
  }

  @Override
  public String toString() {
    return "%d requests in %.1f s: %.1f/s in time, p50 %.1f ms, p99 %.1f ms, %s"
        .formatted(
            requests(),
            seconds(),
            goodput(),
            latency(0.5).toNanos() / 1e6,
            latency(0.99).toNanos() / 1e6,
            Arrays.stream(End.values()).map(end -> end + " " + count(end)).toList());
  }
}
