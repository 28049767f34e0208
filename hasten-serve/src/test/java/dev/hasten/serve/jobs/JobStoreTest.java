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
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
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
    database.transaction(session ->
        session.update("DELETE FROM job")
            + session.update("DELETE FROM job_part")
            + session.update("DELETE FROM job_removed"));
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

  private List<Job> claim(String owner, int most) {
    return leases.claim(owner, Set.of(), most, most);
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
    Job claimed = claim("a", 10).getFirst();
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
    Job first = claim("n", 1).getFirst();
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
      assertThat(claim("n", 1)).hasSize(1);
      sleep(Duration.ofSeconds(16));
    }
    assertThat(claim("n", 1)).isEmpty();
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
    Job first = claim("a", 10).getFirst();
    assertThat(claim("b", 10)).isEmpty();
    sleep(Duration.ofSeconds(10));
    assertThat(leases.heartbeat("a", Set.of(job.id()))).containsExactly(job.id());
    sleep(Duration.ofSeconds(10));
    assertThat(claim("b", 10)).as("the lease was renewed").isEmpty();
    sleep(Duration.ofSeconds(6));
    Job second = claim("b", 10).getFirst();
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
    Job first = claim("a", 1).getFirst();
    sleep(Duration.ofSeconds(16));
    Job second = claim("a", 1).getFirst();
    assertThat(leases.finish(List.of(success(first, "late")))).isEmpty();
    assertThat(leases.finish(List.of(success(second, "right")))).hasSize(1);
  }

  @Test
  void aNodeDoesNotTakeFromItselfWhatItRuns() {
    Job job = submit("x");
    Set<String> held = Set.of(job.id());
    // The last attempt: it must not be parked either.
    for (int attempt = 1; attempt <= 3; attempt++) {
      assertThat(claim("a", 1)).hasSize(1);
      sleep(Duration.ofSeconds(16));
      assertThat(leases.claim("a", held, 1, 1)).isEmpty();
      assertThat(store.find(job.id()).orElseThrow().state()).isEqualTo(JobState.RUNNING);
    }
    assertThat(leases.heartbeat("a", held)).containsExactly(job.id());
    sleep(Duration.ofSeconds(16));
    // Another may, and so may the node itself once it runs it no more.
    assertThat(leases.claim("b", held, 1, 1)).isEmpty();
    assertThat(store.find(job.id()).orElseThrow().state()).isEqualTo(JobState.PARKED);
  }

  @Test
  void onlyAsManyBulkJobsAreTakenAsThereIsRoomFor() {
    List<String> bulk = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      bulk.add(store.beginBulk(order("", "")));
      store.endBulk(bulk.get(i), 1, 0, Optional.empty(), "h");
      sleep(Duration.ofMillis(1));
    }
    List<String> singles = List.of(submit("x").id(), submit("y").id());
    assertThat(leases.claim("a", Set.of(), 4, 2))
        .extracting(Job::id)
        .containsExactlyInAnyOrder(bulk.get(0), bulk.get(1));
    assertThat(leases.claim("a", Set.of(), 4, 0))
        .extracting(Job::id)
        .containsExactlyInAnyOrderElementsOf(singles);
    assertThat(leases.claim("b", Set.of(), 4, 2))
        .extracting(Job::id)
        .containsExactlyInAnyOrder(bulk.get(2), bulk.get(3));
  }

  @Test
  void aJobThatTakesItsNodesDownIsParkedWithTheReason() {
    Job job = submit("x");
    for (int attempt = 1; attempt <= 3; attempt++) {
      assertThat(claim("n" + attempt, 1)).hasSize(1);
      sleep(Duration.ofSeconds(16));
    }
    assertThat(claim("n4", 1)).isEmpty();
    Job parked = store.find(job.id()).orElseThrow();
    assertThat(parked.state()).isEqualTo(JobState.PARKED);
    assertThat(parked.error().orElseThrow()).contains("went away").contains("3 of 3");
    assertThat(store.retry(job.id())).isTrue();
    assertThat(claim("n5", 1)).hasSize(1);
  }

  @Test
  void aStoppingNodeGivesBackWithoutCountingTheAttempt() {
    submit("x");
    claim("a", 1);
    assertThat(leases.release("a")).isEqualTo(1);
    Job again = claim("b", 1).getFirst();
    assertThat(again.attempts()).isEqualTo(1);
    assertThat(again.owner()).isEqualTo("b");
  }

  @Test
  void aRequeuedJobWaits() {
    submit("x");
    Job job = claim("a", 1).getFirst();
    leases.requeue(job, Duration.ofSeconds(5), true, Optional.of("busy"));
    assertThat(claim("a", 1)).isEmpty();
    sleep(Duration.ofSeconds(5));
    Job again = claim("a", 1).getFirst();
    assertThat(again.attempts()).isEqualTo(2);
    assertThat(again.error()).contains("busy");
  }

  @Test
  void aCancelledJobIsNotRunAndTakesNoResult() {
    Job waiting = submit("x");
    assertThat(store.cancel(waiting.id())).isTrue();
    assertThat(claim("a", 1)).isEmpty();
    submit("y");
    Job going = claim("a", 1).getFirst();
    assertThat(store.cancel(going.id())).isTrue();
    assertThat(store.cancel(going.id())).isFalse();
    assertThat(leases.finish(List.of(success(going, "late")))).isEmpty();
    assertThat(store.find(going.id()).orElseThrow().state()).isEqualTo(JobState.CANCELLED);
  }

  @Test
  void isRemovedWhenItsTimeIsOver() {
    Job ended = submit("x");
    leases.finish(List.of(success(claim("a", 1).getFirst(), "r")));
    Job waiting = submit("y");
    sleep(Duration.ofSeconds(59));
    store.sweep();
    assertThat(store.find(ended.id())).isPresent();
    sleep(Duration.ofSeconds(2));
    assertThat(store.sweep()).as("there is more").isFalse();
    assertThat(store.find(ended.id())).isEmpty();
    assertThat(parts.result(ended.id())).isEmpty();
    assertThat(store.find(waiting.id())).as("waits as long as it takes").isPresent();
  }

  private long rows(String table) {
    return database
        .once(session -> session.query(row -> row.getLong(1), "SELECT COUNT(*) FROM " + table))
        .getFirst();
  }

  @Test
  void aLargeJobIsGoneAtOnceAndItsPartsBitByBit() {
    String id = store.beginBulk(order("k", ""));
    parts.add(id, LongStream.rangeClosed(1, 1200).mapToObj(JobStoreTest::line).toList());
    store.endBulk(id, 1200, 0, Optional.of("k"), "h");
    store.cancel(id);
    store.remove(id);
    assertThat(store.find(id)).isEmpty();
    assertThat(rows("job_part")).isEqualTo(1200);
    assertThat(store.sweep()).as("there is more").isTrue();
    assertThat(rows("job_part")).isBetween(1L, 1199L);
    // Its key is free meanwhile.
    assertThat(store.submit(order("k", "other"), bytes("x")))
        .isInstanceOf(Submitted.Accepted.class);
    while (store.sweep()) {
      assertThat(rows("job_part")).isPositive();
    }
    assertThat(rows("job_part")).as("that of the other job").isEqualTo(1);
    assertThat(rows("job_removed")).isZero();
  }

  @Test
  void partsOfManyBytesAreFewInASweep() {
    String id = store.beginBulk(order("", ""));
    byte[] large = new byte[9 << 20];
    parts.add(
        id,
        LongStream.rangeClosed(1, 3)
            .mapToObj(number -> new Part(number, large, null, false))
            .toList());
    store.remove(id);
    assertThat(store.sweep()).isTrue();
    assertThat(rows("job_part")).isEqualTo(1);
    assertThat(store.sweep()).isFalse();
    assertThat(rows("job_part")).isZero();
  }

  @Test
  void sweepsUntilAllIsRemovedThatIsLate() {
    Job ended = submit("x");
    store.cancel(ended.id());
    List<@Nullable Object[]> copies = new ArrayList<>();
    for (int i = 0; i < 1100; i++) {
      copies.add(new @Nullable Object[] {"copy-" + i, ended.id()});
    }
    database.transaction(session -> {
      session.batch(
          "INSERT INTO job (id, model, version, call, bulk, request_type, state, attempts, parts,"
              + " done, failed, created, not_before, expires, webhook_tries) SELECT ?, model,"
              + " version, call, bulk, request_type, state, attempts, parts, done, failed, created,"
              + " not_before, expires, webhook_tries FROM job WHERE id = ?",
          copies);
      return true;
    });
    sleep(Duration.ofMinutes(2));
    int sweeps = 1;
    while (store.sweep()) {
      sweeps++;
    }
    assertThat(sweeps).isGreaterThan(2);
    assertThat(rows("job")).isZero();
    assertThat(rows("job_part")).isZero();
    assertThat(rows("job_removed")).isZero();
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
    assertThat(claim("a", 1)).as("not all there").isEmpty();
    Submitted made = store.endBulk(id, 4, 1, Optional.of("k"), "h");
    assertThat(((Submitted.Accepted) made).job().progress()).isEqualTo(new Job.Progress(4, 1, 1));
    assertThat(leases.claim("a", Set.of(), 1, 0)).isEmpty();
    Job job = claim("a", 1).getFirst();
    assertThat(parts.open(id, 0, 2)).extracting(Part::number).containsExactly(1L, 2L);
    Part done = new Part(1, bytes("1"), bytes("one"), false);
    assertThat(parts.write(job, List.of(done))).isTrue();
    sleep(Duration.ofSeconds(16));
    Job second = claim("b", 1).getFirst();
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

  @Test
  void ofTwoUploadsThatEndAtOnceWithOneKeyOneIsTheJob() throws Exception {
    String first = store.beginBulk(order("k", ""));
    String second = store.beginBulk(order("k", ""));
    CountDownLatch written = new CountDownLatch(1);
    CountDownLatch waits = new CountDownLatch(1);
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      // What the end of the first does, held in the midst of it.
      Future<Boolean> one =
          threads.submit(() ->
              database.transaction(session -> {
                session.update(
                    "UPDATE job SET state = 'queued', idempotency_key = 'k', request_hash = 'h'"
                        + " WHERE id = ?",
                    first);
                written.countDown();
                try {
                  return waits.await(30, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              }));
      assertThat(written.await(30, TimeUnit.SECONDS)).isTrue();
      Future<Submitted> other =
          threads.submit(() -> store.endBulk(second, 1, 0, Optional.of("k"), "h"));
      Thread.sleep(300);
      waits.countDown();
      assertThat(one.get(30, TimeUnit.SECONDS)).isTrue();
      Submitted.Accepted same = (Submitted.Accepted) other.get(60, TimeUnit.SECONDS);
      assertThat(same.job().id()).isEqualTo(first);
      assertThat(same.isNew()).isFalse();
      assertThat(store.find(second)).isEmpty();
    }
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
                  some = claim(owner, 3);
                  some.forEach(job -> taken.add(job.id()));
                } while (!some.isEmpty());
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    // One that saw only rows that others were taking may have left early; none is taken twice.
    claim("rest", 60).forEach(job -> taken.add(job.id()));
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
