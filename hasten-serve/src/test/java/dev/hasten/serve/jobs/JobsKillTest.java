package dev.hasten.serve.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.hasten.serve.TinyModels;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Servers are killed (SIGKILL) while they accept and run jobs: none is lost, none is made twice,
 * every result is right. {@code bench/jobs-kill.sh} runs it with 10,000 jobs and ten kills.
 */
class JobsKillTest {
  private static final int JOBS = Integer.getInteger("hasten.kill.jobs", 200);
  private static final int KILLS = Integer.getInteger("hasten.kill.kills", 2);
  private static final int SUBMITTERS = 4;

  /** By port: those of killed nodes refuse. */
  private static final ConcurrentMap<Integer, JobsClient> CLIENTS = new ConcurrentHashMap<>();

  @TempDir private Path folder;

  @Test
  void oneNodeOnSqlite() throws Exception {
    run("sqlite, 1 node", folder.resolve("jobs").toString(), 1);
  }

  @Test
  void twoNodesOnPostgres() throws Exception {
    try (LocalPostgres postgres = LocalPostgres.start()) {
      run("postgresql, 2 nodes", postgres.url(), 2);
    }
  }

  private void run(String what, String storage, int count) throws Exception {
    long start = System.nanoTime();
    TinyModels.add(folder.resolve("models/adder/1"), 1);
    List<JobsNode> nodes = new CopyOnWriteArrayList<>();
    for (int i = 0; i < count; i++) {
      nodes.add(start(storage));
    }
    AtomicInteger next = new AtomicInteger();
    AtomicInteger accepted = new AtomicInteger();
    ConcurrentMap<Integer, String> ids = new ConcurrentHashMap<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(SUBMITTERS)) {
      List<Future<?>> submitters = new ArrayList<>();
      for (int t = 0; t < SUBMITTERS; t++) {
        submitters.add(
            threads.submit(() -> {
              int i;
              while ((i = next.getAndIncrement()) < JOBS) {
                ids.put(i, submit(nodes, i));
                accepted.incrementAndGet();
              }
              return null;
            }));
      }
      Random random = new Random(7);
      for (int kill = 1; kill <= KILLS; kill++) {
        while (accepted.get() < (long) JOBS * kill / (KILLS + 1)
            && !submitters.stream().allMatch(Future::isDone)) {
          Thread.sleep(2);
        }
        int victim = random.nextInt(count);
        nodes.get(victim).kill();
        nodes.set(victim, start(storage));
      }
      for (Future<?> submitter : submitters) {
        submitter.get();
      }
      int again = check(nodes.getFirst(), ids);
      System.out.printf(
          "%s: %d jobs, %d kills, 0 lost, every result right, %d run more than once, %.1f s%n",
          what, JOBS, KILLS, again, (System.nanoTime() - start) / 1e9);
    } finally {
      for (JobsNode node : nodes) {
        node.kill();
      }
    }
  }

  private JobsNode start(String storage) throws IOException, InterruptedException {
    // A job may be hit by every kill; that it is parked then is another test's matter.
    return JobsNode.start(
        Files.createDirectories(folder.resolve("nodes")),
        folder.resolve("models"),
        storage,
        KILLS + 3);
  }

  /** As a careful client: the same key until there is an answer. */
  private static String submit(List<JobsNode> nodes, int i) throws InterruptedException {
    for (int attempt = 0; ; attempt++) {
      try {
        JobsClient client =
            CLIENTS.computeIfAbsent(
                nodes.get((i + attempt) % nodes.size()).port(), JobsClient::new);
        HttpResponse<String> response =
            client.send(
                client
                    .later("/v2/models/adder/infer", JobsClient.four(i))
                    .header("Idempotency-Key", "job-" + i)
                    .timeout(java.time.Duration.ofSeconds(20)));
        return JobsClient.accepted(response);
      } catch (IOException e) {
        if (attempt > 3000) {
          throw new IllegalStateException("no node answers", e);
        }
        TimeUnit.MILLISECONDS.sleep(20);
      }
    }
  }

  /** How many jobs had more than one attempt. */
  private static int check(JobsNode node, ConcurrentMap<Integer, String> ids) throws IOException {
    int again = 0;
    assertThat(ids).hasSize(JOBS);
    assertThat(new HashSet<>(ids.values())).hasSize(JOBS);
    try (JobsClient client = new JobsClient(node.port())) {
      for (int i = 0; i < JOBS; i++) {
        String id = Objects.requireNonNull(ids.get(i));
        JsonNode job = client.job(id, "60s");
        assertThat(job.get("state").asText()).as(job.toString()).isEqualTo("succeeded");
        assertThat(JobsClient.first(client.get("/v2/jobs/" + id + "/result").body()))
            .isEqualTo(i + 1);
        again += job.get("attempts").asInt() > 1 ? 1 : 0;
      }
      assertThat(listed(client)).as("no job twice").isEqualTo(JOBS);
    }
    return again;
  }

  private static int listed(JobsClient client) throws IOException {
    com.fasterxml.jackson.databind.ObjectMapper json =
        new com.fasterxml.jackson.databind.ObjectMapper();
    int count = 0;
    String after = "";
    while (true) {
      JsonNode page = json.readTree(client.get("/v2/jobs?limit=1000" + after).body());
      count += page.get("jobs").size();
      if (!page.has("next")) {
        return count;
      }
      after = "&after=" + page.get("next").asText();
    }
  }
}
