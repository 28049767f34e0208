package dev.hasten.runtime;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A few threads that help a caller through independent work. The caller works too, so that it never
 * waits for a thread that others keep busy; threads without work end.
 */
final class Workers implements AutoCloseable {
  private static final int IDLE_SECONDS = 10;

  private final int threads;
  private final ThreadPoolExecutor helpers;

  /**
   * @param threads that work at once for one caller, itself included
   */
  Workers(int threads, String name) {
    this.threads = Math.max(1, threads);
    AtomicInteger number = new AtomicInteger();
    this.helpers =
        new ThreadPoolExecutor(
            Math.max(1, threads - 1),
            Math.max(1, threads - 1),
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            work -> {
              Thread thread = new Thread(work, name + "-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    helpers.allowCoreThreadTimeOut(true);
  }

  /** Does the work for 0 to {@code count} - 1; the first failure is thrown when all have ended. */
  void each(int count, IntConsumer work) {
    AtomicInteger next = new AtomicInteger();
    Runnable share =
        () -> {
          for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
            try {
              work.accept(i);
            } catch (RuntimeException | Error e) {
              next.set(count);
              throw e;
            }
          }
        };
    List<FutureTask<?>> shares = new ArrayList<>();
    for (int i = 1; i < Math.min(threads, count); i++) {
      FutureTask<?> other = new FutureTask<>(share, null);
      shares.add(other);
      helpers.execute(other);
    }
    RuntimeException failure = null;
    try {
      share.run();
    } catch (RuntimeException e) {
      failure = e;
    }
    for (FutureTask<?> other : shares) {
      // Shares that nobody has begun have nothing left to do.
      if (!helpers.remove(other)) {
        failure = await(other, failure);
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private static @Nullable RuntimeException await(
      FutureTask<?> share, @Nullable RuntimeException failure) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          share.get();
          return failure;
        } catch (InterruptedException e) {
          // The share writes to the caller's arrays: it must end first.
          interrupted = true;
        } catch (ExecutionException e) {
          if (failure != null) {
            return failure;
          }
          return e.getCause() instanceof RuntimeException own
              ? own
              : new IllegalStateException(e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void close() {
    helpers.shutdown();
  }
}
