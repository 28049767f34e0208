package dev.hasten.serve.jobs;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells who waits of a job's changes, wherever it runs: one look at the database for all of them, a
 * few times a second and whenever something went on here.
 */
final class JobWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(JobWatch.class);
  private static final long LOOK_MILLIS = 250;

  private final JobStore store;
  private final List<Watcher> watchers = new CopyOnWriteArrayList<>();
  private final AtomicBoolean asked = new AtomicBoolean();
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("hasten-jobs-watch").daemon().factory());

  JobWatch(JobStore store) {
    this.store = store;
    thread.scheduleWithFixedDelay(this::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** Somebody who waits; closing it ends that. */
  final class Watcher implements AutoCloseable {
    private final String id;
    private final Consumer<Optional<Job>> listener;
    private @Nullable Optional<Job> last;

    private Watcher(String id, Consumer<Optional<Job>> listener) {
      this.id = id;
      this.listener = listener;
    }

    private void tell(Optional<Job> job) {
      if (!job.equals(last)) {
        last = job;
        listener.accept(job);
      }
    }

    @Override
    public void close() {
      watchers.remove(this);
    }
  }

  /**
   * @param listener gets the job as it is soon, then after each change that is seen; nothing once
   *     it is gone, or when the server stops. It must be quick.
   */
  Watcher watch(String id, Consumer<Optional<Job>> listener) {
    Watcher watcher = new Watcher(id, listener);
    watchers.add(watcher);
    changed(id);
    return watcher;
  }

  /** A job went on here. */
  void changed(String id) {
    if (watchers.stream().anyMatch(watcher -> watcher.id.equals(id))
        && asked.compareAndSet(false, true)) {
      try {
        thread.execute(this::look);
      } catch (RejectedExecutionException e) {
        LOG.debug("closed", e);
      }
    }
  }

  private void look() {
    asked.set(false);
    Set<String> ids = new HashSet<>();
    watchers.forEach(watcher -> ids.add(watcher.id));
    try {
      Map<String, Job> jobs = new HashMap<>();
      store.find(ids).forEach(job -> jobs.put(job.id(), job));
      for (Watcher watcher : watchers) {
        if (ids.contains(watcher.id)) {
          watcher.tell(Optional.ofNullable(jobs.get(watcher.id)));
        }
      }
    } catch (RuntimeException e) {
      LOG.error("jobs cannot be looked at", e);
    }
  }

  /** Sends those who wait away. */
  @Override
  public void close() {
    thread.shutdown();
    watchers.forEach(watcher -> watcher.listener.accept(Optional.empty()));
    watchers.clear();
  }
}
