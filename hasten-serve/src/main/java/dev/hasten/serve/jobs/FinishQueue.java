package dev.hasten.serve.jobs;

import dev.hasten.serve.jobs.JobLeases.Ending;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes ends of jobs in a thread of its own, all that came meanwhile in one transaction. What
 * cannot be written is left: its lease runs out and it is run again.
 */
final class FinishQueue implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FinishQueue.class);
  private static final int MOST_AT_A_TIME = 128;

  private final JobLeases leases;
  private final Consumer<Job> written;
  private final LinkedBlockingQueue<Ending> endings = new LinkedBlockingQueue<>();
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().name("hasten-jobs-write").daemon().factory());

  /** Encodes answers: the threads that compute them have better to do. */
  private final ExecutorService encoders =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().name("hasten-jobs-encode").daemon().factory());

  /**
   * @param written is told of each, whether it was still its owner's or not
   */
  FinishQueue(JobLeases leases, Consumer<Job> written) {
    this.leases = leases;
    this.written = written;
  }

  Executor encoder() {
    return encoders;
  }

  void add(Ending ending) {
    endings.add(ending);
    then(this::drain);
  }

  /** Does something else with the database, in the same thread. */
  void then(Runnable work) {
    if (thread.isShutdown()) {
      return;
    }
    try {
      thread.execute(() -> {
        try {
          work.run();
        } catch (RuntimeException | Error e) {
          LOG.error("a job's end cannot be written; it will be run again", e);
        }
      });
    } catch (RejectedExecutionException e) {
      // Closed meanwhile: what was in flight is given back by its owner.
      LOG.debug("closed", e);
    }
  }

  private void drain() {
    List<Ending> some = new ArrayList<>();
    endings.drainTo(some, MOST_AT_A_TIME);
    if (some.isEmpty()) {
      return;
    }
    try {
      leases.finish(some);
    } finally {
      some.forEach(ending -> written.accept(ending.job()));
    }
  }

  /** Writes what it has, and no more. */
  @Override
  public void close() throws InterruptedException {
    thread.shutdown();
    if (!thread.awaitTermination(30, TimeUnit.SECONDS)) {
      LOG.warn("ends of jobs could not be written in time; they will be run again");
    }
    encoders.shutdown();
  }
}
