package dev.hasten.runtime;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Runs calls in a few threads of its own behind a bounded queue. Threads go after a minute idle.
 */
final class AsyncCalls implements AutoCloseable {
  private final BlockingQueue<Runnable> queue;
  private final ThreadPoolExecutor executor;

  AsyncCalls(int threads, int capacity) {
    queue = new ArrayBlockingQueue<>(capacity);
    executor =
        new ThreadPoolExecutor(
            threads,
            threads,
            1,
            TimeUnit.MINUTES,
            queue,
            Thread.ofPlatform().daemon().name("hasten-predict-", 0).factory());
    executor.allowCoreThreadTimeOut(true);
  }

  /** What is to be done. */
  @FunctionalInterface
  interface Call<T> {
    T answer(Cancellation cancellation);
  }

  private record Task<T>(CompletableFuture<T> future, Call<T> call, Cancellation cancellation)
      implements Runnable {
    @Override
    public void run() {
      if (future.isDone()) {
        return;
      }
      try {
        cancellation.check();
        future.complete(call.answer(cancellation));
      } catch (RuntimeException | Error e) {
        // Whoever waits for the future gets it, errors included; this thread goes on.
        future.completeExceptionally(e);
      }
    }

    void fail(RuntimeException e) {
      future.completeExceptionally(e);
    }
  }

  /**
   * @throws RejectedExecutionException if the queue is full
   */
  <T> CompletableFuture<T> submit(Call<T> call, Cancellation cancellation) {
    CompletableFuture<T> future = new CompletableFuture<>();
    Task<T> task = new Task<>(future, call, cancellation);
    try {
      executor.execute(task);
    } catch (RejectedExecutionException e) {
      if (executor.isShutdown()) {
        throw closed();
      }
      throw new RejectedExecutionException(
          "asyncQueue: " + queue.size() + " calls wait already (slow down, or raise asyncQueue)",
          e);
    }
    future.whenComplete((answer, failure) -> {
      if (future.isCancelled()) {
        cancellation.cancel();
        // Leaves its place in the queue to another.
        boolean waited = queue.remove(task);
      }
    });
    return future;
  }

  /** Fails what waits; what runs goes on. */
  @Override
  public void close() {
    executor.shutdown();
    List<Runnable> waiting = new ArrayList<>();
    queue.drainTo(waiting);
    for (Runnable task : waiting) {
      ((Task<?>) task).fail(closed());
    }
  }

  private static IllegalStateException closed() {
    return new IllegalStateException("the predictor is closed");
  }
}
