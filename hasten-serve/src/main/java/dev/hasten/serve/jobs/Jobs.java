package dev.hasten.serve.jobs;

import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.ServiceConfig;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.EnvironmentException;
import dev.hasten.serve.repository.ModelRepository;
import io.micrometer.core.instrument.MeterRegistry;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.InstantSource;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A server's jobs: kept in a database, run behind its interactive requests, answered over REST.
 *
 * <p>Many servers may share a database: each job is run by one of them at a time.
 */
public final class Jobs implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Jobs.class);
  private static final Duration SWEEP = Duration.ofSeconds(30);
  private static final Duration LEAST_PAUSE = Duration.ofMillis(20);

  /** Who sends nothing for so long holds a place that others may need. */
  private static final Duration UPLOAD_SILENCE = Duration.ofMinutes(1);

  private static final Duration COUNT = Duration.ofSeconds(5);

  /** For what goes on as fast as its client sends or takes: threads that cost next to nothing. */
  static final Executor PATIENT = task -> Thread.ofVirtual().name("hasten-jobs-client").start(task);

  private final Database database;
  private final JobStore store;
  private final JobWatch watch;
  private final JobWorker worker;
  private final Webhooks webhooks;
  private final JobIntake intake;
  private final JobViews views;
  private final JobMetrics metrics;
  private final ScheduledExecutorService sweeper;

  private Jobs(
      Database database,
      JobsOptions options,
      ModelRepository repository,
      long maxRequestBytes,
      JobMetrics metrics) {
    InstantSource clock = InstantSource.system();
    this.database = database;
    this.store = new JobStore(database, clock, options);
    JobParts parts = new JobParts(database);
    this.watch = new JobWatch(store);
    this.webhooks = new Webhooks(new Hooks(database, clock), options, clock);
    this.metrics = metrics;
    JobLeases leases = new JobLeases(database, clock, options, metrics);
    this.worker = new JobWorker(node(), leases, parts, repository, options, watch::changed);
    this.intake =
        new JobIntake(
            store,
            parts,
            repository,
            options,
            (int) maxRequestBytes,
            worker,
            metrics,
            UPLOAD_SILENCE);
    this.views = new JobViews(store, parts, watch, worker, metrics);
    this.sweeper =
        // To remove a large job takes long; counting goes on beside it.
        Executors.newScheduledThreadPool(
            2, Thread.ofPlatform().name("hasten-jobs-sweep").daemon().factory());
    long every = Math.clamp(options.ttl().toMillis() / 2, 100, SWEEP.toMillis());
    sweeper.scheduleWithFixedDelay(this::sweep, every, every, TimeUnit.MILLISECONDS);
    sweeper.scheduleWithFixedDelay(this::count, 0, COUNT.toMillis(), TimeUnit.MILLISECONDS);
  }

  /**
   * Opens the database, makes its tables where they are missing, and begins to run what it has.
   *
   * @param maxRequestBytes of a request, or of a line of a bulk job
   * @param registry gets the jobs' numbers
   * @throws BadInputException if the storage is neither a folder nor a PostgreSQL URL
   * @throws EnvironmentException if it can't be reached
   */
  public static Jobs open(
      JobsOptions options,
      ModelRepository repository,
      long maxRequestBytes,
      MeterRegistry registry) {
    Database database = Database.open(options.storage());
    return new Jobs(database, options, repository, maxRequestBytes, new JobMetrics(registry));
  }

  /** Of this process alone: what an earlier one had must not be taken for its own. */
  private static String node() {
    return ManagementFactory.getRuntimeMXBean().getName() + "/" + UUID.randomUUID();
  }

  /** Adds the routes. */
  public void bind(ServerBuilder server) {
    intake.bind(server);
    views.bind(server);
  }

  /** Whether a route's requests become jobs: it may be a path that is answered at once as well. */
  public static boolean takes(ServiceConfig config) {
    return config.service().as(JobIntake.Taker.class) != null;
  }

  private void sweep() {
    try {
      long began = System.nanoTime();
      while (store.sweep() && !sweeper.isShutdown()) {
        // Others write too, and SQLite knows no queue: whoever finds it locked looks again later.
        TimeUnit.NANOSECONDS.sleep(Math.max(LEAST_PAUSE.toNanos(), System.nanoTime() - began));
        began = System.nanoTime();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException | Error e) {
      LOG.error("jobs past their time cannot be removed now", e);
    }
  }

  private void count() {
    try {
      metrics.stand(store.standing());
    } catch (RuntimeException | Error e) {
      LOG.error("jobs cannot be counted now", e);
    }
  }

  /**
   * Runs no more jobs: those in flight get some time, the others are given back for other nodes, or
   * for the next start. Requests about jobs are still answered.
   */
  public void stop(Duration limit) {
    try {
      worker.stop(limit);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    watch.close();
    webhooks.close();
    sweeper.shutdown();
  }

  /** After {@link #stop}, and when nobody asks any more. */
  @Override
  public void close() {
    database.close();
  }
}
