package dev.hasten.serve.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.EnvironmentException;
import dev.hasten.serve.jobs.JobLeases.Ending;
import dev.hasten.serve.jobs.JobParts.Part;
import dev.hasten.serve.jobs.JobStore.Order;
import dev.hasten.serve.jobs.JobStore.Submitted;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The life of jobs under a clock of our own, on SQLite; a subclass does the same on PostgreSQL. */
class JobStoreTest {
  private static final Job.Format JSON = new Job.Format("application/json", OptionalInt.empty());

  @TempDir private Path folder;
  private final AtomicLong now = new AtomicLong(1_700_000_000_000L);
  private final SimpleMeterRegistry numbers = new SimpleMeterRegistry();
  private final JobMetrics metrics = new JobMetrics(numbers);
  private Database database;
  private JobStore store;
  private JobLeases leases;
  private JobParts parts;

  String storage(Path empty) {
    return empty.resolve("jobs").toString();
  }

  @BeforeEach
  void open() {
    String storage = storage(folder);
    database = Database.open(storage);
    database.transaction(
        session -> session.update("DELETE FROM job") + session.update("DELETE FROM job_part"));
    InstantSource clock = () -> Instant.ofEpochMilli(now.get());
    JobsOptions options = JobsOptions.of(storage).withTtl(Duration.ofMinutes(1));
    store = new JobStore(database, clock, options);
    leases = new JobLeases(database, clock, options, metrics);
    parts = new JobParts(database);
  }

  @AfterEach
  void close() {
    database.close();
  }

  private static Order order(String key, String hash) {
    return new Order(
        "m",
        "",
        Job.Call.INFER,
        JSON,
        key.isEmpty() ? Optional.empty() : Optional.of(key),
        hash,
        Optional.empty());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private Job submit(String body) {
    return ((Submitted.Accepted) store.submit(order("", body), bytes(body))).job();
  }

  private static Ending success(Job job, String body) {
    return new Ending(job, JobState.SUCCEEDED, bytes(body), Optional.of(JSON), Optional.empty());
  }

  private void sleep(Duration time) {
    now.addAndGet(time.toMillis());
  }

  @Test
  void keepsARequestAndItsResultAsTheyAre() {
    byte[] body = {0, -1, 10, 13, 0, 127};
    Order order =
        new Order(
            "m",
            "3",
            Job.Call.PREDICT,
            new Job.Format("image/png", OptionalInt.of(7)),
            Optional.empty(),
            "h",
            Optional.of("https://example.org/x"));
    Job made = ((Submitted.Accepted) store.submit(order, body)).job();
    assertThat(made.state()).isEqualTo(JobState.QUEUED);
    assertThat(parts.request(made.id())).isEqualTo(body);
    Job claimed = leases.claim("a", 10, true).getFirst();
    assertThat(claimed.request()).isEqualTo(order.request());
    assertThat(claimed.version()).isEqualTo("3");
    assertThat(claimed.webhook())
        .contains(new Job.Hook("https://example.org/x", 0, Optional.empty()));
    Job.Format binary = new Job.Format("application/octet-stream", OptionalInt.of(2));
    leases.finish(
        List.of(
            new Ending(claimed, JobState.SUCCEEDED, body, Optional.of(binary), Optional.empty())));
    Job ended = store.find(made.id()).orElseThrow();
    assertThat(ended.state()).isEqualTo(JobState.SUCCEEDED);
    assertThat(ended.result()).contains(binary);
    assertThat(ended.progress()).isEqualTo(new Job.Progress(1, 1, 0));
    assertThat(parts.result(made.id())).contains(body);
  }

  private double counted(String name, String... tags) {
    return numbers.get(name).tags(tags).counter().count();
  }

  @Test
  void whatStandsAndWhatHappensIsCounted() {
    assertThat(store.standing()).isEqualTo(JobStore.Standing.none());
    submit("a");
    sleep(Duration.ofSeconds(5));
    submit("b");
    assertThat(store.standing())
        .isEqualTo(new JobStore.Standing(Map.of(JobState.QUEUED, 2L), Duration.ofSeconds(5)));
    Job first = leases.claim("n", 1, true).getFirst();
    assertThat(store.standing().count(JobState.RUNNING)).isEqualTo(1);
    assertThat(store.standing().oldestWaiting()).isZero();
    sleep(Duration.ofSeconds(2));
    leases.finish(List.of(success(first, "1")));
    // Not the owner's any more: this did not happen.
    leases.finish(List.of(success(first, "1")));
    assertThat(counted("hasten.jobs.ended", "model", "m", "kind", "single", "state", "succeeded"))
        .isEqualTo(1);
    assertThat(numbers.get("hasten.job.duration").timer().totalTime(TimeUnit.SECONDS)).isEqualTo(7);
    // A node that goes away with a job again and again.
    for (int attempt = 1; attempt <= 3; attempt++) {
      assertThat(leases.claim("n", 1, true)).hasSize(1);
      sleep(Duration.ofSeconds(16));
    }
    assertThat(leases.claim("n", 1, true)).isEmpty();
    assertThat(counted("hasten.jobs.ended", "model", "m", "kind", "single", "state", "parked"))
        .isEqualTo(1);
    assertThat(counted("hasten.job.attempts", "model", "m", "kind", "single")).isEqualTo(4);
    metrics.stand(store.standing());
    assertThat(numbers.get("hasten.jobs").tag("state", "parked").gauge().value()).isEqualTo(1);
    assertThat(numbers.get("hasten.jobs").tag("state", "queued").gauge().value()).isZero();
  }

  @Test
  void theSameKeyAndRequestIsTheSameJob() {
    Submitted first = store.submit(order("k", "one"), bytes("1"));
    Submitted again = store.submit(order("k", "one"), bytes("1"));
    assertThat(((Submitted.Accepted) again).isNew()).isFalse();
    assertThat(((Submitted.Accepted) again).job().id())
        .isEqualTo(((Submitted.Accepted) first).job().id());
    assertThat(store.submit(order("k", "two"), bytes("2"))).isEqualTo(new Submitted.KeyTaken("k"));
    assertThat(store.list(Optional.empty(), Optional.empty(), "", 10)).hasSize(1);
  }

  @Test
  void aJobWhoseLeaseRanOutIsTakenOverAndHasOneResult() {
    Job job = submit("x");
    Job first = leases.claim("a", 10, true).getFirst();
    assertThat(leases.claim("b", 10, true)).isEmpty();
    sleep(Duration.ofSeconds(10));
    assertThat(leases.heartbeat("a", Set.of(job.id()))).containsExactly(job.id());
    sleep(Duration.ofSeconds(10));
    assertThat(leases.claim("b", 10, true)).as("the lease was renewed").isEmpty();
    sleep(Duration.ofSeconds(6));
    Job second = leases.claim("b", 10, true).getFirst();
    assertThat(second.attempts()).isEqualTo(2);
    assertThat(leases.heartbeat("a", Set.of(job.id()))).isEmpty();
    assertThat(leases.finish(List.of(success(first, "late")))).isEmpty();
    assertThat(parts.result(job.id())).isEmpty();
    assertThat(leases.finish(List.of(success(second, "right")))).containsExactly(job.id());
    assertThat(leases.finish(List.of(success(second, "twice")))).isEmpty();
    assertThat(leases.finish(List.of(success(first, "late")))).isEmpty();
    assertThat(parts.result(job.id())).contains(bytes("right"));
  }

  @Test
  void theSameNodeMayTakeItsJobAgainAndItsEarlierAttemptWritesNothing() {
    submit("x");
    Job first = leases.claim("a", 1, true).getFirst();
    sleep(Duration.ofSeconds(16));
    Job second = leases.claim("a", 1, true).getFirst();
    assertThat(leases.finish(List.of(success(first, "late")))).isEmpty();
    assertThat(leases.finish(List.of(success(second, "right")))).hasSize(1);
  }

  @Test
  void aJobThatTakesItsNodesDownIsParkedWithTheReason() {
    Job job = submit("x");
    for (int attempt = 1; attempt <= 3; attempt++) {
      assertThat(leases.claim("n" + attempt, 1, true)).hasSize(1);
      sleep(Duration.ofSeconds(16));
    }
    assertThat(leases.claim("n4", 1, true)).isEmpty();
    Job parked = store.find(job.id()).orElseThrow();
    assertThat(parked.state()).isEqualTo(JobState.PARKED);
    assertThat(parked.error().orElseThrow()).contains("went away").contains("3 of 3");
    assertThat(store.retry(job.id())).isTrue();
    assertThat(leases.claim("n5", 1, true)).hasSize(1);
  }

  @Test
  void aStoppingNodeGivesBackWithoutCountingTheAttempt() {
    submit("x");
    leases.claim("a", 1, true);
    assertThat(leases.release("a")).isEqualTo(1);
    Job again = leases.claim("b", 1, true).getFirst();
    assertThat(again.attempts()).isEqualTo(1);
    assertThat(again.owner()).isEqualTo("b");
  }

  @Test
  void aRequeuedJobWaits() {
    submit("x");
    Job job = leases.claim("a", 1, true).getFirst();
    leases.requeue(job, Duration.ofSeconds(5), true, Optional.of("busy"));
    assertThat(leases.claim("a", 1, true)).isEmpty();
    sleep(Duration.ofSeconds(5));
    Job again = leases.claim("a", 1, true).getFirst();
    assertThat(again.attempts()).isEqualTo(2);
    assertThat(again.error()).contains("busy");
  }

  @Test
  void aCancelledJobIsNotRunAndTakesNoResult() {
    Job waiting = submit("x");
    assertThat(store.cancel(waiting.id())).isTrue();
    assertThat(leases.claim("a", 1, true)).isEmpty();
    submit("y");
    Job going = leases.claim("a", 1, true).getFirst();
    assertThat(store.cancel(going.id())).isTrue();
    assertThat(store.cancel(going.id())).isFalse();
    assertThat(leases.finish(List.of(success(going, "late")))).isEmpty();
    assertThat(store.find(going.id()).orElseThrow().state()).isEqualTo(JobState.CANCELLED);
  }

  @Test
  void isRemovedWhenItsTimeIsOver() {
    Job ended = submit("x");
    leases.finish(List.of(success(leases.claim("a", 1, true).getFirst(), "r")));
    Job waiting = submit("y");
    sleep(Duration.ofSeconds(59));
    assertThat(store.sweep()).isZero();
    sleep(Duration.ofSeconds(2));
    assertThat(store.sweep()).isEqualTo(1);
    assertThat(store.find(ended.id())).isEmpty();
    assertThat(parts.result(ended.id())).isEmpty();
    assertThat(store.find(waiting.id())).as("waits as long as it takes").isPresent();
  }

  @Test
  void pagesAreNewestFirst() {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      ids.add(submit("x" + i).id());
      sleep(Duration.ofMillis(1));
    }
    Collections.reverse(ids);
    List<Job> first = store.list(Optional.empty(), Optional.of("m"), "", 3);
    List<Job> second = store.list(Optional.empty(), Optional.empty(), first.getLast().id(), 3);
    assertThat(IntStream.range(0, 5).mapToObj(i -> (i < 3 ? first.get(i) : second.get(i - 3)).id()))
        .containsExactlyElementsOf(ids);
    assertThat(store.list(Optional.of(JobState.FAILED), Optional.empty(), "", 3)).isEmpty();
  }

  @Test
  void linesThatHaveResultsAreNotRunAgain() {
    String id = store.beginBulk(order("k", ""));
    parts.add(id, List.of(line(1), line(2)));
    parts.add(id, List.of(line(4), BulkRun.error(5, new byte[0], "too long")));
    assertThat(leases.claim("a", 1, true)).as("not all there").isEmpty();
    Submitted made = store.endBulk(id, 4, 1, Optional.of("k"), "h");
    assertThat(((Submitted.Accepted) made).job().progress()).isEqualTo(new Job.Progress(4, 1, 1));
    assertThat(leases.claim("a", 1, false)).isEmpty();
    Job job = leases.claim("a", 1, true).getFirst();
    assertThat(parts.open(id, 0, 2)).extracting(Part::number).containsExactly(1L, 2L);
    Part done = new Part(1, bytes("1"), bytes("one"), false);
    assertThat(parts.write(job, List.of(done))).isTrue();
    sleep(Duration.ofSeconds(16));
    Job second = leases.claim("b", 1, true).getFirst();
    assertThat(parts.write(job, List.of(new Part(2, bytes("2"), bytes("late"), false)))).isFalse();
    assertThat(parts.open(id, 0, 10)).extracting(Part::number).containsExactly(2L, 4L);
    assertThat(second.progress()).isEqualTo(new Job.Progress(4, 2, 1));
    assertThat(parts.results(id, 0, 10))
        .extracting(part -> new String(part.request(), StandardCharsets.UTF_8))
        .containsExactly("one", "{\"error\":\"too long\",\"line\":5}");
  }

  @Test
  void aBulkJobWithAKnownKeyIsTheEarlierOne() {
    String first = store.beginBulk(order("k", ""));
    store.endBulk(first, 1, 0, Optional.of("k"), "h");
    String second = store.beginBulk(order("k", ""));
    Submitted again = store.endBulk(second, 1, 0, Optional.of("k"), "h");
    assertThat(((Submitted.Accepted) again).job().id()).isEqualTo(first);
    assertThat(store.find(second)).isEmpty();
    String third = store.beginBulk(order("k", ""));
    assertThat(store.endBulk(third, 1, 0, Optional.of("k"), "other"))
        .isInstanceOf(Submitted.KeyTaken.class);
  }

  private static Part line(long number) {
    return new Part(number, bytes("{}"), null, false);
  }

  @Test
  void manyAtOnceTakeEachJobOnce() throws Exception {
    for (int i = 0; i < 60; i++) {
      submit("x" + i);
    }
    List<String> taken = Collections.synchronizedList(new ArrayList<>());
    List<Thread> threads = new ArrayList<>();
    for (int n = 0; n < 4; n++) {
      String owner = "n" + n;
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                List<Job> some;
                do {
                  some = leases.claim(owner, 3, true);
                  some.forEach(job -> taken.add(job.id()));
                } while (!some.isEmpty());
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    // One that saw only rows that others were taking may have left early; none is taken twice.
    leases.claim("rest", 60, true).forEach(job -> taken.add(job.id()));
    assertThat(taken).hasSize(60);
    assertThat(new HashSet<>(taken)).hasSize(60);
  }

  @Test
  void whatIsNoStorageIsRefused() {
    assertThatThrownBy(() -> Database.open("jdbc:oracle:x"))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("jdbc:postgresql:");
    assertThatThrownBy(
            () -> Database.open("jdbc:postgresql://127.0.0.1:1/x?user=u&password=secret"))
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("cannot be opened")
        .hasMessageNotContaining("secret");
  }
}
