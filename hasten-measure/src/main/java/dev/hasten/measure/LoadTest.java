package dev.hasten.measure;

import dev.hasten.runtime.DeadlineExceededException;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.RejectedRequestException;
import dev.hasten.runtime.RequestOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Loads a server or a {@link dev.hasten.runtime.Batcher} as the world does: requests arrive when
 * they arrive, whether or not earlier ones are answered (an open loop, Poisson arrivals). The whole
 * schedule is drawn before the first request; a request's time counts from the moment at which it
 * was <em>to</em> arrive, so that a driver that is itself held up does not hide the wait
 * (coordinated omission), and its deadline counts from then, too.
 *
 * <pre>{@code
 * LoadResult result = LoadTest.run(batcher::submit, examples, Load.of(200, time, goal));
 * }</pre>
 *
 * <p>The calling thread sends; it sleeps in between and never spins, so that it may share a core
 * with what it loads.
 */
public final class LoadTest {
  /** What has not ended this long after the last arrival never will. */
  private static final Duration LOST = Duration.ofMinutes(2);

  /** Between drawing the schedule and the first arrival. */
  private static final long LEAD_NANOS = 2_000_000;

  private LoadTest() {}

  /** What is loaded: {@code batcher::submit}, or a client of a server. */
  @FunctionalInterface
  public interface Target {
    /** Begins to answer; what goes wrong is in the future. */
    CompletableFuture<?> submit(Example example, RequestOptions asked);
  }

  /**
   * Sends the load and waits until every request has ended.
   *
   * @param examples drawn with replacement
   * @throws IllegalStateException if a request does not end, or none arrives in so short a time
   */
  public static LoadResult run(Target target, List<? extends Example> examples, Load load) {
    SplittableRandom random = new SplittableRandom(load.seed());
    long[] arrivals = arrivals(load, random);
    if (arrivals.length == 0) {
      throw new IllegalStateException(load + ": no request arrives (expected: a longer time)");
    }
    Example[] drawn = new Example[arrivals.length];
    Arrays.setAll(drawn, i -> examples.get(random.nextInt(examples.size())));
    Recorder recorder = new Recorder(load, arrivals, System.nanoTime() + LEAD_NANOS);
    for (int i = 0; i < arrivals.length; i++) {
      recorder.await(i);
      send(target, drawn[i], recorder, i);
    }
    return recorder.result();
  }

  /**
   * Examples answered per second where all requests are there at once and none has a deadline: the
   * most that there is to be had. Sent twice, the first time to warm up.
   *
   * @param target which must take them all at once
   * @throws IllegalStateException if a request fails
   */
  public static double offlinePeak(Target target, List<? extends Example> examples) {
    answerAll(target, examples);
    long start = System.nanoTime();
    answerAll(target, examples);
    return examples.size() / ((System.nanoTime() - start) / 1e9);
  }

  private static void answerAll(Target target, List<? extends Example> examples) {
    List<CompletableFuture<?>> futures = new ArrayList<>();
    examples.forEach(example -> futures.add(target.submit(example, RequestOptions.defaults())));
    try {
      futures.forEach(CompletableFuture::join);
    } catch (CompletionException e) {
      throw new IllegalStateException("a request failed: " + e.getCause(), e.getCause());
    }
  }

  /** Times after the start, in nanoseconds. */
  private static long[] arrivals(Load load, SplittableRandom random) {
    List<Long> arrivals = new ArrayList<>();
    double end = load.time().toNanos();
    double at = 0;
    while (true) {
      at += -Math.log(1 - random.nextDouble()) * 1e9 / load.perSecond();
      if (at >= end) {
        return arrivals.stream().mapToLong(n -> n).toArray();
      }
      arrivals.add(Math.round(at));
    }
  }

  private static void send(Target target, Example example, Recorder recorder, int which) {
    RequestOptions asked = RequestOptions.defaults();
    if (recorder.load.goal().isPresent()) {
      long left = recorder.load.goal().get().toNanos() - recorder.age(which);
      asked = asked.withDeadline(Duration.ofNanos(Math.max(1, left)));
    }
    CompletableFuture<?> future;
    try {
      future = target.submit(example, asked);
    } catch (RuntimeException e) {
      future = CompletableFuture.failedFuture(e);
    }
    var told = future.whenComplete((answer, failure) -> recorder.ended(which, failure));
  }

  /** Notes when and how each request ended; called from any thread. */
  private static final class Recorder {
    final Load load;
    private final long[] due;
    private final long[] sent;
    private final long[] nanos;
    private final LoadResult.End[] ends;
    private final CountDownLatch left;
    private final long start;
    private volatile @Nullable Throwable failure;

    Recorder(Load load, long[] arrivals, long start) {
      this.load = load;
      this.start = start;
      this.due = Arrays.stream(arrivals).map(at -> start + at).toArray();
      this.sent = new long[arrivals.length];
      this.nanos = new long[arrivals.length];
      this.ends = new LoadResult.End[arrivals.length];
      this.left = new CountDownLatch(arrivals.length);
    }

    void await(int which) {
      for (long wait = due[which] - System.nanoTime();
          wait > 0;
          wait = due[which] - System.nanoTime()) {
        LockSupport.parkNanos(wait);
        if (Thread.interrupted()) {
          Thread.currentThread().interrupt();
          throw new IllegalStateException("interrupted while loading");
        }
      }
      sent[which] = System.nanoTime() - due[which];
    }

    long age(int which) {
      return System.nanoTime() - due[which];
    }

    void ended(int which, @Nullable Throwable how) {
      nanos[which] = age(which);
      ends[which] =
          switch (how instanceof CompletionException e ? e.getCause() : how) {
            case null -> late(which) ? LoadResult.End.LATE : LoadResult.End.IN_TIME;
            case RejectedRequestException e -> LoadResult.End.REFUSED;
            case DeadlineExceededException e -> LoadResult.End.EXPIRED;
            case Throwable e -> {
              failure = e;
              yield LoadResult.End.FAILED;
            }
          };
      // Last: what was written before it is seen after the latch opens.
      left.countDown();
    }

    private boolean late(int which) {
      return load.goal().isPresent() && nanos[which] > load.goal().get().toNanos();
    }

    LoadResult result() {
      try {
        if (!left.await(LOST.toSeconds(), TimeUnit.SECONDS)) {
          throw new IllegalStateException(
              left.getCount() + " requests have no answer after " + LOST.toSeconds() + " s");
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while loading", e);
      }
      long end = start + load.time().toNanos();
      for (int i = 0; i < due.length; i++) {
        if (ends[i] == LoadResult.End.IN_TIME) {
          end = Math.max(end, due[i] + nanos[i]);
        }
      }
      return new LoadResult(Duration.ofNanos(end - start), ends, nanos, sent, message(failure));
    }

    private static String message(@Nullable Throwable failure) {
      return failure == null ? "" : failure.toString();
    }
  }
}
