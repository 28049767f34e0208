package dev.hasten.serve.jobs;

import dev.hasten.runtime.Priority;
import dev.hasten.runtime.RequestOptions;
import dev.hasten.serve.protocol.Failures;
import dev.hasten.serve.protocol.ProtocolException;
import dev.hasten.serve.protocol.StoredCall;
import dev.hasten.serve.repository.Cancelling;
import dev.hasten.serve.repository.ModelRepository;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs jobs: takes some from the database, as many as it may have in flight, puts them into the
 * models' batchers behind everything interactive, and writes how they end.
 */
final class JobWorker {
  private static final Logger LOG = LoggerFactory.getLogger(JobWorker.class);

  /** Behind everybody who waits, one client among the others of the background. */
  static final RequestOptions BEHIND =
      RequestOptions.defaults().withPriority(Priority.LOW).withClient("jobs");

  private static final int BULK_AT_ONCE = 2;
  private static final int MOST_AT_A_TIME = 64;

  /** Jobs that other nodes accepted are seen after so long. */
  private static final long LOOK_MILLIS = 250;

  private final String owner;
  private final JobLeases leases;
  private final JobParts parts;
  private final ModelRepository repository;
  private final JobsOptions options;
  private final Consumer<String> changed;
  private final FinishQueue finished;
  private final Semaphore free;
  private final Semaphore bulkFree = new Semaphore(BULK_AT_ONCE);
  private final Semaphore news = new Semaphore(0);

  /** What goes on here, and how it is stopped. An attempt is another job than the one before. */
  private final Map<Job, Runnable> running = new ConcurrentHashMap<>();

  private final ScheduledExecutorService heart;
  private final Thread taker;
  private volatile boolean stopping;

  /**
   * @param owner this node's name, of no other and of no earlier process
   * @param changed is told of the jobs that went on
   */
  JobWorker(
      String owner,
      JobLeases leases,
      JobParts parts,
      ModelRepository repository,
      JobsOptions options,
      Consumer<String> changed) {
    this.owner = owner;
    this.leases = leases;
    this.parts = parts;
    this.repository = repository;
    this.options = options;
    this.changed = changed;
    this.free = new Semaphore(options.inFlight());
    this.finished = new FinishQueue(leases, this::ended);
    this.heart =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("hasten-jobs-heart").daemon().factory());
    long beat = Math.max(1, options.lease().toMillis() / 4);
    heart.scheduleWithFixedDelay(this::beat, beat, beat, TimeUnit.MILLISECONDS);
    this.taker = Thread.ofPlatform().name("hasten-jobs").daemon().start(this::take);
  }

  /** There may be something to do. */
  void wake() {
    news.release();
  }

  private void take() {
    @Nullable Throwable trouble = null;
    while (!stopping) {
      // Whatever it was, an end of the memory included: a node that takes no jobs is of no use.
      try {
        if (trouble != null) {
          Throwable last = trouble;
          trouble = null;
          Thread.sleep(1000);
          LOG.error("jobs cannot be taken; they stay where they are", last);
        }
        takeSome();
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException | Error e) {
        trouble = e;
      }
    }
  }

  private void takeSome() throws InterruptedException {
    free.acquire();
    int most = 1;
    while (most < MOST_AT_A_TIME && free.tryAcquire()) {
      most++;
    }
    int bulk = bulkFree.drainPermits();
    List<Job> jobs = List.of();
    try {
      jobs = leases.claim(owner, ids(running.keySet()), most, bulk);
    } finally {
      free.release(most - jobs.size());
      bulkFree.release(bulk - (int) jobs.stream().filter(Job::bulk).count());
    }
    jobs.forEach(this::start);
    if (jobs.isEmpty()) {
      news.tryAcquire(LOOK_MILLIS, TimeUnit.MILLISECONDS);
      news.drainPermits();
    }
  }

  private static Set<String> ids(Collection<Job> jobs) {
    return jobs.stream().map(Job::id).collect(Collectors.toSet());
  }

  private void start(Job job) {
    CompletableFuture<StoredCall.Answer> answer = new CompletableFuture<>();
    BulkRun bulk = new BulkRun(job, parts, repository, options, () -> stopping, changed);
    running.put(job, job.bulk() ? bulk::cancel : () -> answer.cancel(true));
    settle(
        job,
        () -> {
          try {
            changed.accept(job.id());
            if (job.bulk()) {
              Thread.ofPlatform().name("hasten-bulk-job").daemon().start(() -> runBulk(job, bulk));
              return;
            }
            run(job, answer);
          } catch (RuntimeException | Error e) {
            answer.completeExceptionally(e);
          }
          answer.whenComplete((result, failure) ->
              settle(
                  job,
                  () -> {
                    if (failure == null) {
                      succeeded(job, result);
                    } else {
                      failed(job, Failures.refusal(failure));
                    }
                  }));
        });
  }

  /** A job that neither runs nor has an end must not be held: nobody else could run it. */
  private void settle(Job job, Runnable how) {
    try {
      how.run();
    } catch (RuntimeException | Error e) {
      ended(job);
      LOG.error("a job's end cannot be written; it will be run again", e);
    }
  }

  private void run(Job job, CompletableFuture<StoredCall.Answer> answer) {
    StoredCall call =
        new StoredCall(
            job.call() == Job.Call.PREDICT,
            job.request().contentType(),
            job.request().jsonLength(),
            parts.request(job.id()));
    ModelRepository.Lease lease = repository.lease(job.model(), job.version());
    try {
      CompletableFuture<StoredCall.Answer> run =
          call.run(lease.model(), BEHIND, finished.encoder());
      Cancelling.both(answer, run);
      run.whenComplete((result, failure) -> {
        lease.close();
        if (failure == null) {
          answer.complete(result);
        } else {
          answer.completeExceptionally(failure);
        }
      });
    } catch (RuntimeException | Error e) {
      lease.close();
      throw e;
    }
  }

  private void succeeded(Job job, StoredCall.Answer answer) {
    finished.add(
        new JobLeases.Ending(
            job,
            JobState.SUCCEEDED,
            answer.body(),
            Optional.of(new Job.Format(answer.contentType(), answer.jsonLength())),
            Optional.empty()));
  }

  private void failed(Job job, ProtocolException refusal) {
    String reason = String.valueOf(refusal.getMessage());
    switch (Remedy.of(refusal)) {
      case NONE -> end(job, JobState.FAILED, reason);
      case WAIT -> requeue(job, refusal.retryAfter().orElse(Remedy.pause(1)), false, reason);
      case RETRY -> {
        if (job.attempts() >= options.attempts()) {
          end(job, JobState.PARKED, reason);
        } else {
          requeue(job, Remedy.pause(job.attempts()), true, reason);
        }
      }
    }
  }

  private void end(Job job, JobState state, String reason) {
    finished.add(new JobLeases.Ending(job, state, null, Optional.empty(), Optional.of(reason)));
  }

  private void requeue(Job job, Duration delay, boolean counted, String reason) {
    finished.then(() -> {
      // A stopping node gives all that it has back at once.
      try {
        if (!stopping) {
          leases.requeue(job, delay, counted, Optional.of(reason));
        }
      } finally {
        ended(job);
      }
    });
  }

  private void runBulk(Job job, BulkRun run) {
    settle(
        job,
        () -> {
          try {
            if (run.call()) {
              finished.add(
                  new JobLeases.Ending(
                      job,
                      JobState.SUCCEEDED,
                      null,
                      Optional.of(
                          new Job.Format(Job.Format.LINES.contentType(), OptionalInt.empty())),
                      Optional.empty()));
            } else {
              ended(job);
            }
          } catch (RuntimeException | Error e) {
            failed(job, Failures.refusal(e));
          }
        });
  }

  /** Not in flight any more, however it ended. */
  private void ended(Job job) {
    if (running.remove(job) != null) {
      free.release();
      if (job.bulk()) {
        bulkFree.release();
        wake();
      }
    }
    changed.accept(job.id());
  }

  /** Renews what is ours, and stops what no longer is: cancelled, or taken by another node. */
  private void beat() {
    try {
      Set<Job> jobs = Set.copyOf(running.keySet());
      Set<String> ours = leases.heartbeat(owner, ids(jobs));
      jobs.stream().map(Job::id).filter(id -> !ours.contains(id)).forEach(this::cancel);
    } catch (RuntimeException | Error e) {
      // Thrown on, it would be the last beat.
      LOG.error("leases cannot be renewed; other nodes may take the jobs over", e);
    }
  }

  /** Stops a run without an answer, if it goes on here. */
  void cancel(String id) {
    running.forEach((job, cancel) -> {
      if (job.id().equals(id)) {
        cancel.run();
      }
    });
  }

  /** Takes nothing more, lets what is in flight end within a time, gives the rest back. */
  void stop(Duration limit) throws InterruptedException {
    stopping = true;
    taker.interrupt();
    taker.join();
    long end = System.nanoTime() + limit.toNanos();
    while (!running.isEmpty() && System.nanoTime() < end) {
      Thread.sleep(5);
    }
    finished.close();
    heart.shutdown();
    if (!heart.awaitTermination(10, TimeUnit.SECONDS)) {
      LOG.warn("a renewal of leases goes on; the jobs' leases will run out by themselves");
    }
    int given = leases.release(owner);
    if (given > 0) {
      LOG.info("{} jobs in flight were given back", given);
    }
    running.values().forEach(Runnable::run);
  }
}
