package dev.hasten.runtime;

import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The threads of a {@link Batcher}: daemons, so that a forgotten one keeps no process alive. */
final class BatchThreads {
  private static final int IDLE_SECONDS = 60;

  private BatchThreads() {}

  /**
   * @param last done when {@code work} has ended, however
   */
  static Thread start(String name, Runnable work, Runnable last) {
    return Thread.ofPlatform()
        .daemon()
        .name(name)
        .start(() -> {
          try {
            work.run();
          } finally {
            last.run();
          }
        });
  }

  /** Its queue is bounded by the batcher's own count of what is being prepared. */
  static Optional<ThreadPoolExecutor> preparers(int threads) {
    if (threads == 0) {
      return Optional.empty();
    }
    ThreadPoolExecutor executor =
        new ThreadPoolExecutor(
            threads,
            threads,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().daemon().name("hasten-prepare-", 0).factory());
    executor.allowCoreThreadTimeOut(true);
    return Optional.of(executor);
  }
}
