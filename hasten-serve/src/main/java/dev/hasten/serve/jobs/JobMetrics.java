package dev.hasten.serve.jobs;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;

/**
 * Jobs in numbers. What stands in the database is everybody's who shares it; what is counted is
 * this server's own, from its start. Thread-safe.
 */
final class JobMetrics {
  private static final Duration[] BOUNDS = {
    Duration.ofMillis(100),
    Duration.ofSeconds(1),
    Duration.ofSeconds(10),
    Duration.ofMinutes(1),
    Duration.ofMinutes(10),
    Duration.ofHours(1),
    Duration.ofHours(10),
  };

  private final MeterRegistry registry;
  private volatile JobStore.Standing standing = JobStore.Standing.none();

  JobMetrics(MeterRegistry registry) {
    this.registry = registry;
    for (JobState state : JobState.values()) {
      Gauge.builder("hasten.jobs", () -> standing.count(state))
          .tag("state", state.text())
          .description("Jobs in the database")
          .register(registry);
    }
    TimeGauge.builder(
            "hasten.jobs.oldest.waiting",
            () -> standing.oldestWaiting().toMillis(),
            TimeUnit.MILLISECONDS)
        .description("For how long the job has been due that waits longest")
        .register(registry);
  }

  /** What a look at the database gave. */
  void stand(JobStore.Standing now) {
    standing = now;
  }

  void submitted(Job job) {
    count("hasten.jobs.submitted", "Jobs accepted", job);
  }

  /** An attempt at it begins. */
  void began(Job job) {
    count("hasten.job.attempts", "Attempts begun", job);
  }

  private void count(String name, String help, Job job) {
    Counter.builder(name)
        .description(help)
        .tags("model", job.model(), "kind", kind(job))
        .register(registry)
        .increment();
  }

  /**
   * @param job as it was before
   */
  void ended(Job job, JobState state, Instant when) {
    Counter.builder("hasten.jobs.ended")
        .description("Jobs that came to an end")
        .tags("model", job.model(), "kind", kind(job), "state", state.text())
        .register(registry)
        .increment();
    if (state == JobState.SUCCEEDED) {
      Timer.builder("hasten.job.duration")
          .tags("model", job.model(), "kind", kind(job))
          .description("From the job's acceptance to its result")
          .serviceLevelObjectives(BOUNDS)
          .register(registry)
          .record(Duration.between(job.created(), when));
    }
  }

  private static String kind(Job job) {
    return job.bulk() ? "bulk" : "single";
  }
}
