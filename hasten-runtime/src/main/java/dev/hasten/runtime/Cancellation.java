package dev.hasten.runtime;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Stops runs: by hand or after a time. One may serve many runs; once cancelled it stays so. A run
 * stops between two operators of the model, not within one. Thread-safe.
 */
public final class Cancellation {
  private final @Nullable Duration limit;
  private final long deadlineNanos;

  /** What stops the runs in flight. Guarded by this. */
  private final Set<Runnable> stops = new HashSet<>();

  private volatile boolean cancelled;
  private volatile boolean byHand;

  private Cancellation(@Nullable Duration limit) {
    this.limit = limit;
    this.deadlineNanos = limit == null ? 0 : System.nanoTime() + limit.toNanos();
  }

  /** Cancelled only by {@link #cancel}. */
  public static Cancellation manual() {
    return new Cancellation(null);
  }

  /** Also cancelled once {@code limit} has passed from now. */
  public static Cancellation after(Duration limit) {
    if (limit.isNegative() || limit.compareTo(Duration.ofDays(365)) > 0) {
      throw new BadInputException("timeout: " + limit + " (expected: 0 to 365 days)");
    }
    return new Cancellation(limit);
  }

  /** Stops the runs in flight under this token and refuses later ones. */
  public void cancel() {
    byHand = true;
    stop();
  }

  public boolean isCancelled() {
    return cancelled || pastDeadline();
  }

  /**
   * Throws if cancelled.
   *
   * @throws CancellationException if by hand
   * @throws RunTimeoutException if by time
   */
  public void check() {
    if (byHand) {
      throw new CancellationException("the run was cancelled");
    }
    if (limit != null && isCancelled()) {
      throw new RunTimeoutException(limit);
    }
  }

  /**
   * Has {@code stop} called on cancellation, at most once, until the returned registration is
   * closed; after that never.
   */
  Registration register(Runnable stop) {
    synchronized (this) {
      if (!cancelled) {
        stops.add(stop);
      } else {
        stop.run();
      }
    }
    ScheduledFuture<?> timer =
        limit == null
            ? null
            : Timer.EXECUTOR.schedule(
                this::stop, Math.max(0, deadlineNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
    return () -> {
      synchronized (this) {
        stops.remove(stop);
      }
      if (timer != null) {
        timer.cancel(false);
      }
    };
  }

  /** Ends a {@link #register}. */
  @FunctionalInterface
  interface Registration extends AutoCloseable {
    @Override
    void close();
  }

  private synchronized void stop() {
    cancelled = true;
    // One by one: what is stopped may close its registration, and others'.
    while (!stops.isEmpty()) {
      Runnable next = stops.iterator().next();
      stops.remove(next);
      next.run();
    }
  }

  private boolean pastDeadline() {
    return limit != null && System.nanoTime() - deadlineNanos >= 0;
  }

  /** One sleeping daemon thread for the time-outs of the whole process, made on first use. */
  private static final class Timer {
    static final ScheduledThreadPoolExecutor EXECUTOR = executor();

    private static ScheduledThreadPoolExecutor executor() {
      ScheduledThreadPoolExecutor executor =
          new ScheduledThreadPoolExecutor(
              1, Thread.ofPlatform().daemon().name("hasten-timeouts").factory());
      executor.setRemoveOnCancelPolicy(true);
      return executor;
    }
  }
}
