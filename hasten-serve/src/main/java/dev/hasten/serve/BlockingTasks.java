package dev.hasten.serve;

import dev.hasten.serve.protocol.ProtocolException;
import java.time.Duration;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Threads for what takes too long for an event loop: parsing, decoding, the jobs' database. Their
 * number is bounded, since each keeps buffers of its own (the JSON reader's, the allocator's), and
 * so is what waits for them, since each task holds a request's body.
 *
 * <p>Not for tasks that wait for a client: a few slow ones would have all threads.
 */
final class BlockingTasks extends ScheduledThreadPoolExecutor {
  /** Some wait for the database, whose commits wait for the disk. */
  private static final int THREADS_PER_CORE = 4;

  private static final int FEWEST_THREADS = 16;
  private static final int MOST_WAITING = 1000;
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private final int mostWaiting;

  BlockingTasks(int threads, int mostWaiting) {
    super(
        threads,
        Thread.ofPlatform().name("hasten-blocking-", 0).daemon().factory(),
        (task, executor) -> {
          throw ProtocolException.of(ProtocolException.Kind.UNAVAILABLE, "the server is stopping");
        });
    this.mostWaiting = mostWaiting;
    setKeepAliveTime(1, TimeUnit.MINUTES);
    allowCoreThreadTimeOut(true);
  }

  static BlockingTasks forCores(int cores) {
    return new BlockingTasks(Math.max(FEWEST_THREADS, THREADS_PER_CORE * cores), MOST_WAITING);
  }

  /**
   * @throws ProtocolException if too many wait, or the server stops
   */
  @Override
  public void execute(Runnable task) {
    if (getQueue().size() >= mostWaiting) {
      throw ProtocolException.tooMany(
          "too many requests wait to be read (at most %d)".formatted(mostWaiting), RETRY_AFTER);
    }
    super.execute(task);
  }
}
