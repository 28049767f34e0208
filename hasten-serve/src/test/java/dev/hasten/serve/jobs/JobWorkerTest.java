package dev.hasten.serve.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.serve.FakeRepository;
import dev.hasten.serve.protocol.ProtocolException;
import dev.hasten.serve.protocol.ProtocolException.Kind;
import dev.hasten.serve.repository.ModelRepository;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of jobs that cannot be answered. */
class JobWorkerTest {
  @TempDir private Path folder;

  /** The job after its end, where the n-th attempt to get hold of the model is refused so. */
  private Job end(int attempts, IntFunction<? extends Throwable> refusals) throws Exception {
    return end(attempts, false, refusals);
  }

  private Job end(int attempts, boolean bulk, IntFunction<? extends Throwable> refusals)
      throws Exception {
    JobsOptions options =
        JobsOptions.of(folder.toString()).withAttempts(attempts, Duration.ofSeconds(15));
    InstantSource clock = InstantSource.system();
    try (Database database = Database.open(options.storage())) {
      JobStore store = new JobStore(database, clock, options);
      JobStore.Order order =
          new JobStore.Order(
              "m",
              "",
              Job.Call.INFER,
              new Job.Format("", OptionalInt.empty()),
              Optional.empty(),
              "h",
              Optional.empty());
      JobParts parts = new JobParts(database);
      String id = bulk ? store.beginBulk(order) : "";
      if (bulk) {
        parts.add(id, List.of(new JobParts.Part(1, new byte[0], null, false)));
        store.endBulk(id, 1, 0, Optional.empty(), "h");
      } else {
        id = ((JobStore.Submitted.Accepted) store.submit(order, new byte[0])).job().id();
      }
      CompletableFuture<Job> ended = new CompletableFuture<>();
      JobWorker worker =
          new JobWorker(
              "n",
              new JobLeases(database, clock, options, new JobMetrics(new SimpleMeterRegistry())),
              parts,
              refusing(refusals),
              options,
              changed ->
                  store
                      .find(changed)
                      .filter(job -> job.state().ended())
                      .ifPresent(ended::complete));
      try {
        Job job = ended.get(60, TimeUnit.SECONDS);
        assertThat(job.id()).isEqualTo(id);
        return job;
      } finally {
        worker.stop(Duration.ZERO);
      }
    }
  }

  @Test
  void isParkedWithTheReasonAfterItsAttempts() throws Exception {
    Job job = end(2, n -> ProtocolException.of(Kind.UNAVAILABLE, "try " + n));
    assertThat(job.state()).isEqualTo(JobState.PARKED);
    assertThat(job.attempts()).isEqualTo(2);
    assertThat(job.error()).contains("try 2");
  }

  @Test
  void waitingForRoomIsNoAttempt() throws Exception {
    Job job =
        end(
            1,
            n ->
                n < 3
                    ? ProtocolException.tooMany("full", Duration.ofMillis(10))
                    : ProtocolException.invalid("bad"));
    assertThat(job.state()).isEqualTo(JobState.FAILED);
    assertThat(job.attempts()).isEqualTo(1);
    assertThat(job.error()).contains("bad");
    assertThat(job.progress()).isEqualTo(new Job.Progress(1, 1, 1));
  }

  private static Throwable onceOutOfMemory(int attempt) {
    return attempt == 1 ? new OutOfMemoryError("a test's") : ProtocolException.invalid("bad");
  }

  @Test
  void anErrorIsAnAttemptAndNotTheEndOfTheNode() throws Exception {
    Job job = end(3, JobWorkerTest::onceOutOfMemory);
    assertThat(job.state()).isEqualTo(JobState.FAILED);
    assertThat(job.attempts()).isEqualTo(2);
    assertThat(job.error()).contains("bad");
  }

  @Test
  void anErrorIsAnAttemptOfALineAndNotTheEndOfABulkJob() throws Exception {
    Job job = end(3, true, JobWorkerTest::onceOutOfMemory);
    assertThat(job.state()).isEqualTo(JobState.SUCCEEDED);
    assertThat(job.progress()).isEqualTo(new Job.Progress(1, 1, 1));
  }

  private static ModelRepository refusing(IntFunction<? extends Throwable> refusals) {
    AtomicInteger count = new AtomicInteger();
    return FakeRepository.leasing(model -> {
      Throwable refusal = refusals.apply(count.incrementAndGet());
      if (refusal instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) refusal;
    });
  }
}
