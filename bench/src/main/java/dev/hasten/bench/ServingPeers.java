package dev.hasten.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Texts to embeddings over HTTP: {@code hasten serve} beside the models of an MLServer that is
 * running, by the same closed- and open-loop clients, in turns whose order changes. Answers are
 * compared first. Servers share the first core (each has it to itself in its turn), this process
 * runs on the second; {@code bench/serving-peers.sh} arranges that.
 */
public final class ServingPeers {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int[] CLIENTS = {1, 8, 32};

  /** Of the fastest closed loop of Hasten, and of MLServer. */
  private static final double[] LOADS = {0.5, 0.8, 0.95};

  private static final int MOST_IN_FLIGHT = 4_000;
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final double ALIKE = 0.999;
  private static final Duration WARM_UP = Duration.ofSeconds(40);
  private static final Duration MLSERVER_WARM_UP = Duration.ofSeconds(5);

  /** A server's model. */
  private record Target(String name, URI uri, boolean mlserver) {
    HttpRequest request(String text) {
      String quoted = JSON.valueToTree(text).toString();
      String body =
          mlserver
              ? "{\"inputs\":[{\"name\":\"text\",\"shape\":[1],\"datatype\":\"BYTES\",\"data\":[%s]}]}"
                  .formatted(quoted)
              : "{\"text\":%s}".formatted(quoted);
      return HttpRequest.newBuilder(uri)
          .timeout(PATIENCE)
          .header("Content-Type", "application/json")
          .POST(HttpRequest.BodyPublishers.ofString(body))
          .build();
    }

    double[] embedding(HttpClient http, String text) throws IOException, InterruptedException {
      String answer = http.send(request(text), HttpResponse.BodyHandlers.ofString()).body();
      JsonNode outputs = JSON.readTree(answer).path("outputs");
      JsonNode vector = mlserver ? outputs.path(0).path("data") : outputs.path("embedding");
      double[] values = new double[vector.size()];
      Arrays.setAll(values, i -> vector.get(i).asDouble());
      return values;
    }
  }

  /** What one turn came to. */
  private record Turn(double perSecond, int failed, List<Double> millis) {}

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final List<String> texts;
  private final double seconds;
  private final Random random = new Random(7);

  private ServingPeers(List<String> texts, double seconds) {
    this.texts = texts;
    this.seconds = seconds;
  }

  /**
   * @param args bundle, texts as JSONL, MLServer's address, seconds of a turn, rounds
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    List<String> texts = new ArrayList<>();
    for (String line : Files.readAllLines(Path.of(args[1]))) {
      texts.add(JSON.readTree(line).get("text").asText());
    }
    Collections.shuffle(texts, new Random(7));
    URI mlserver = URI.create(args[2]);
    int rounds = Integer.parseInt(args[4]);
    try (ServerProcess server = ServerProcess.start(List.of(), List.of(args[0]))) {
      pin(server.pid());
      ServingPeers bench = new ServingPeers(texts, Double.parseDouble(args[3]));
      List<Target> targets = new ArrayList<>();
      targets.add(hasten(server, bench.http));
      for (JsonNode model : post(bench.http, mlserver.resolve("/v2/repository/index"))) {
        String name = model.get("name").asText();
        targets.add(new Target(name, mlserver.resolve("/v2/models/" + name + "/infer"), true));
      }
      bench.compareAnswers(targets);
      bench.warmUp(targets);
      Map<String, Double> peaks = bench.closedLoops(targets, rounds);
      bench.openLoops(targets, peaks, rounds);
    }
  }

  /** To the first core, its threads that run already included. */
  private static void pin(long pid) throws IOException, InterruptedException {
    Process taskset =
        new ProcessBuilder("taskset", "-a", "-p", "-c", "0", Long.toString(pid)).start();
    if (taskset.waitFor() != 0) {
      throw new IOException("taskset: cannot pin the server");
    }
  }

  private static Target hasten(ServerProcess server, HttpClient http)
      throws IOException, InterruptedException {
    URI root = URI.create("http://127.0.0.1:" + server.port());
    String name = post(http, root.resolve("/v2/repository/index")).get(0).get("name").asText();
    return new Target("hasten", root.resolve("/v2/models/" + name + "/predict"), false);
  }

  private static JsonNode post(HttpClient http, URI uri) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(uri)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString("{}"))
            .build();
    return JSON.readTree(http.send(request, HttpResponse.BodyHandlers.ofString()).body());
  }

  private void compareAnswers(List<Target> targets) throws IOException, InterruptedException {
    double least = 1;
    for (String text : texts.subList(0, 20)) {
      double[] ours = targets.getFirst().embedding(http, text);
      for (Target target : targets.subList(1, targets.size())) {
        double[] theirs = target.embedding(http, text);
        double dot = 0;
        for (int i = 0; i < ours.length; i++) {
          dot += ours[i] * theirs[i];
        }
        least = Math.min(least, dot);
      }
    }
    System.out.printf(Locale.ROOT, "answers alike: cosine at least %.5f%n%n", least);
    if (!(least > ALIKE)) {
      throw new IllegalStateException("the servers do not answer alike");
    }
  }

  /** A JVM's compiler has little of one core, so its server gets longer. */
  private void warmUp(List<Target> targets) {
    for (Target target : targets) {
      long end = System.nanoTime() + (target.mlserver() ? MLSERVER_WARM_UP : WARM_UP).toNanos();
      while (System.nanoTime() < end) {
        Turn unused = closed(target, 32);
      }
    }
  }

  private String text() {
    return texts.get(random.nextInt(texts.size()));
  }

  private boolean answered(HttpResponse<byte[]> response) {
    return response.statusCode() == 200;
  }

  /** Each client sends its next request when it has its answer. */
  private Turn closed(Target target, int clients) {
    ConcurrentLinkedQueue<Double> millis = new ConcurrentLinkedQueue<>();
    AtomicInteger failed = new AtomicInteger();
    long start = System.nanoTime();
    long end = start + (long) (seconds * 1e9);
    List<Thread> threads = new ArrayList<>();
    for (int client = 0; client < clients; client++) {
      Random own = new Random(random.nextLong());
      threads.add(
          Thread.ofVirtual()
              .start(() -> {
                while (System.nanoTime() < end) {
                  HttpRequest request = target.request(texts.get(own.nextInt(texts.size())));
                  long sent = System.nanoTime();
                  try {
                    if (answered(http.send(request, HttpResponse.BodyHandlers.ofByteArray()))) {
                      millis.add((System.nanoTime() - sent) / 1e6);
                    } else {
                      failed.incrementAndGet();
                    }
                  } catch (IOException | InterruptedException e) {
                    failed.incrementAndGet();
                  }
                }
              }));
    }
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    double took = (System.nanoTime() - start) / 1e9;
    return new Turn(millis.size() / took, failed.get(), List.copyOf(millis));
  }

  /**
   * Requests at random moments (Poisson), whatever becomes of them; each is timed from the moment
   * it was due. Ends when all are answered.
   */
  private Turn open(Target target, double rate) throws InterruptedException {
    ConcurrentLinkedQueue<Double> millis = new ConcurrentLinkedQueue<>();
    AtomicInteger failed = new AtomicInteger();
    AtomicInteger within = new AtomicInteger();
    Semaphore inFlight = new Semaphore(MOST_IN_FLIGHT);
    long start = System.nanoTime();
    long end = start + (long) (seconds * 1e9);
    double next = start;
    while (next < end) {
      next += -Math.log(1 - random.nextDouble()) / rate * 1e9;
      long due = (long) next;
      HttpRequest request = target.request(text());
      while (System.nanoTime() < due) {
        LockSupport.parkNanos(due - System.nanoTime());
      }
      if (!inFlight.tryAcquire()) {
        failed.incrementAndGet();
        continue;
      }
      http.sendAsync(request, HttpResponse.BodyHandlers.ofByteArray())
          .whenComplete((response, failure) -> {
            long now = System.nanoTime();
            if (failure == null && answered(response)) {
              millis.add((now - due) / 1e6);
              if (now < end) {
                within.incrementAndGet();
              }
            } else {
              failed.incrementAndGet();
            }
            inFlight.release();
          });
    }
    inFlight.acquire(MOST_IN_FLIGHT);
    return new Turn(within.get() / seconds, failed.get(), List.copyOf(millis));
  }

  /** Returns the best throughput of each. */
  private Map<String, Double> closedLoops(List<Target> targets, int rounds) {
    Map<String, List<Turn>> turns = new HashMap<>();
    record Cell(Target target, int clients) {
      String key() {
        return target.name() + " " + clients;
      }
    }
    List<Cell> cells = new ArrayList<>();
    for (Target target : targets) {
      for (int clients : CLIENTS) {
        cells.add(new Cell(target, clients));
      }
    }
    for (int round = 0; round < rounds; round++) {
      Collections.shuffle(cells, random);
      for (Cell cell : cells) {
        turns
            .computeIfAbsent(cell.key(), key -> new ArrayList<>())
            .add(closed(cell.target(), cell.clients()));
      }
    }
    System.out.println(
        "| closed loop | clients | answers/s (least–most) | p50 ms | p99 ms | failed |");
    System.out.println("|---|---:|---:|---:|---:|---:|");
    Map<String, Double> peaks = new HashMap<>();
    for (Target target : targets) {
      for (int clients : CLIENTS) {
        List<Turn> its = turns.getOrDefault(target.name() + " " + clients, List.of());
        peaks.merge(target.name(), print(target.name(), Integer.toString(clients), its), Math::max);
      }
    }
    return peaks;
  }

  /** The best of MLServer's settings alone goes on. */
  private void openLoops(List<Target> targets, Map<String, Double> peaks, int rounds)
      throws InterruptedException {
    Target ours = targets.getFirst();
    Target best =
        targets.stream()
            .skip(1)
            .max((a, b) -> Double.compare(peak(peaks, a), peak(peaks, b)))
            .orElseThrow();
    List<Double> rates = new ArrayList<>();
    for (Target of : List.of(best, ours)) {
      for (double load : LOADS) {
        rates.add(load * peak(peaks, of));
      }
    }
    Collections.sort(rates);
    Map<String, List<Turn>> turns = new HashMap<>();
    for (int round = 0; round < rounds; round++) {
      for (double rate : rates) {
        List<Target> order = new ArrayList<>(List.of(ours, best));
        Collections.shuffle(order, random);
        for (Target target : order) {
          turns
              .computeIfAbsent(target.name() + rate, key -> new ArrayList<>())
              .add(open(target, rate));
        }
      }
    }
    System.out.println();
    System.out.println(
        "| open loop | requests/s | answered/s in time (least–most) | p50 ms | p99 ms | failed |");
    System.out.println("|---|---:|---:|---:|---:|---:|");
    for (double rate : rates) {
      for (Target target : List.of(ours, best)) {
        double unused =
            print(
                target.name(),
                "%.0f".formatted(rate),
                turns.getOrDefault(target.name() + rate, List.of()));
      }
    }
  }

  private static double peak(Map<String, Double> peaks, Target target) {
    return peaks.getOrDefault(target.name(), 0.0);
  }

  /** Returns the median throughput. */
  private static double print(String name, String column, List<Turn> turns) {
    double[] rates = turns.stream().mapToDouble(Turn::perSecond).sorted().toArray();
    double[] millis =
        turns.stream()
            .flatMap(turn -> turn.millis().stream())
            .mapToDouble(Double::doubleValue)
            .sorted()
            .toArray();
    int failed = turns.stream().mapToInt(Turn::failed).sum();
    double median = rates[rates.length / 2];
    System.out.printf(
        Locale.ROOT,
        "| %s | %s | %.0f (%.0f–%.0f) | %.1f | %.1f | %d |%n",
        name,
        column,
        median,
        rates[0],
        rates[rates.length - 1],
        quantile(millis, 0.5),
        quantile(millis, 0.99),
        failed);
    return median;
  }

  private static double quantile(double[] sorted, double share) {
    return sorted.length == 0
        ? Double.NaN
        : sorted[(int) Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  }
}
