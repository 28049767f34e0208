package dev.hasten.bench;

import com.linecorp.armeria.client.grpc.GrpcClients;
import dev.hasten.serve.wire.GRPCInferenceServiceGrpc;
import dev.hasten.serve.wire.ModelInferRequest;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Mixed load on one server for long: tensors over REST and gRPC, texts, embeddings, wrong requests,
 * clients that go away, jobs single and bulk, reloads, and bursts of more than it can do. Each half
 * minute the server is told to collect its garbage, and its heap, resident memory, threads and open
 * files are written as a line of CSV. At the end: what was answered, and memory late against early.
 *
 * <pre>bench/run.sh ServingSoak TEXT-BUNDLE MINUTES OUT.csv</pre>
 *
 * <p>Needs {@code /proc} and the JDK's {@code jcmd}.
 */
public final class ServingSoak {
  private static final int WIDTH = 256;
  private static final Duration SAMPLE = Duration.ofSeconds(30);
  private static final Pattern ID = Pattern.compile("\"id\"\\s*:\\s*\"([^\"]+)\"");
  private static final String INFER = "/v2/models/identity/infer";
  private static final List<String> WORDS =
      List.of("a", "large", "feline", "of", "the", "forest", "that", "hunts", "by", "night");

  private final ServerProcess server;
  private final String url;
  private final HttpClient http = HttpClient.newHttpClient();
  private final Map<String, LongAdder> counts = new ConcurrentHashMap<>();
  private final Set<String> surprises = ConcurrentHashMap.newKeySet();
  private volatile boolean over;

  private interface Act {
    void once(Random random) throws IOException, InterruptedException;
  }

  private ServingSoak(ServerProcess server) {
    this.server = server;
    this.url = "http://127.0.0.1:" + server.port();
  }

  /**
   * @param args a bundle that takes texts, minutes, the file to write
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    Path models = Files.createTempDirectory("hasten-soak");
    Path identity = Files.createDirectories(models.resolve("identity").resolve("1"));
    Files.write(identity.resolve("model.onnx"), PredictorBenchmark.resource("identity.onnx"));
    copy(Path.of(args[0]), models.resolve("text"));
    Path jobs = Files.createTempDirectory("hasten-soak-jobs");
    List<String> options =
        List.of(models.toString(), "--admin", "--jobs", jobs.toString(), "--jobs-ttl-hours", "1");
    try (ServerProcess server = ServerProcess.start(List.of("-Xmx512m"), options)) {
      boolean clean =
          new ServingSoak(server).run(Duration.ofMinutes(Long.parseLong(args[1])), args[2]);
      System.exit(clean ? 0 : 1);
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }

  private boolean run(Duration length, String out) throws IOException, InterruptedException {
    every(33, this::tensors);
    every(33, grpc());
    every(250, random -> post("texts", "/v2/models/text/predict", text(random), Set.of(200)));
    every(500, this::embeddings);
    every(100, this::wrong);
    every(500, this::leave);
    every(500, this::job);
    every(20_000, this::bulk);
    every(1000, this::watch);
    every(15_000, random -> load("identity"));
    every(60_000, random -> load("text"));
    every(240_000, this::burst);
    TreeMap<Double, Long> resident = new TreeMap<>();
    long start = System.nanoTime();
    try (PrintWriter csv =
        new PrintWriter(Files.newBufferedWriter(Path.of(out), StandardCharsets.UTF_8))) {
      csv.println("seconds,resident_mb,heap_mb,threads,files,answered");
      while (System.nanoTime() - start < length.toNanos()) {
        Thread.sleep(SAMPLE);
        double seconds = (System.nanoTime() - start) / 1e9;
        resident.put(seconds, ProcessFacts.residentBytes(server.pid()));
        csv.println(sample(seconds));
        csv.flush();
      }
    }
    over = true;
    Thread.sleep(2000);
    int exit = server.terminate();
    System.out.println("exit status after SIGTERM: " + exit);
    new TreeMap<>(counts).forEach((what, count) -> System.out.println(what + ": " + count.sum()));
    surprises.forEach(surprise -> System.out.println("unexpected: " + surprise));
    double end = resident.lastKey();
    // The first third fills caches and pools.
    double early = mean(resident.subMap(end / 3, end / 2));
    double late = mean(resident.tailMap(end * 5 / 6));
    System.out.printf(
        Locale.ROOT, "resident: %.0f MB from 1/3 to 1/2, %.0f MB in the last sixth%n", early, late);
    return surprises.isEmpty() && late < early * 1.05;
  }

  private static double mean(Map<Double, Long> bytes) {
    return bytes.values().stream().mapToLong(Long::longValue).average().orElse(0) / 1e6;
  }

  private String sample(double seconds) throws IOException, InterruptedException {
    long pid = server.pid();
    ProcessFacts.collectGarbage(pid);
    String metrics =
        http.send(request("/metrics").build(), HttpResponse.BodyHandlers.ofString()).body();
    return String.format(
        Locale.ROOT,
        "%.0f,%.1f,%.1f,%d,%d,%d",
        seconds,
        ProcessFacts.residentBytes(pid) / 1e6,
        ProcessFacts.heapBytes(metrics) / 1e6,
        ProcessFacts.threads(pid),
        ProcessFacts.openFiles(pid),
        counts.values().stream().mapToLong(LongAdder::sum).sum());
  }

  private void every(long millis, Act act) {
    Random random = new Random(millis);
    Thread.ofVirtual()
        .start(() -> {
          while (!over) {
            try {
              Thread.sleep(Math.round(millis * (0.5 + random.nextDouble())));
              act.once(random);
            } catch (IOException | InterruptedException | RuntimeException e) {
              if (!over) {
                surprise(String.valueOf(e));
              }
            }
          }
        });
  }

  private void surprise(String what) {
    if (over) {
      // The server is being stopped, and says so.
      return;
    }
    counted("unexpected");
    if (surprises.size() < 20) {
      surprises.add(what);
    }
  }

  private void counted(String what) {
    counts.computeIfAbsent(what, w -> new LongAdder()).increment();
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(url + path)).timeout(Duration.ofMinutes(1));
  }

  /** The body of the answer, whose status must be one of those. */
  private String send(String what, HttpRequest request, Set<Integer> expected)
      throws IOException, InterruptedException {
    HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
    counted(what + " " + answer.statusCode());
    if (!expected.contains(answer.statusCode())) {
      surprise(what + ": " + answer.statusCode() + " " + answer.body());
    }
    return answer.body();
  }

  private void post(String what, String path, String body, Set<Integer> expected)
      throws IOException, InterruptedException {
    send(what, request(path).POST(HttpRequest.BodyPublishers.ofString(body)).build(), expected);
  }

  private static String text(Random random) {
    return IntStream.rangeClosed(0, random.nextInt(40))
        .mapToObj(i -> WORDS.get(random.nextInt(WORDS.size())))
        .collect(Collectors.joining(" "));
  }

  private static String json(int values) {
    return "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,%d],\"datatype\":\"FP32\",\"data\":[%s]}]}"
        .formatted(values, "1,".repeat(values - 1) + "1");
  }

  private void tensors(Random random) throws IOException, InterruptedException {
    post("tensors", INFER, json(WIDTH), Set.of(200));
  }

  private Act grpc() {
    GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub stub =
        GrpcClients.newClient(
            "gproto+" + url, GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub.class);
    ModelInferRequest request = ServingOverhead.identity();
    return random -> {
      if (stub.modelInfer(request).getRawOutputContents(0).size() == 4 * WIDTH) {
        counted("grpc");
      } else {
        surprise("grpc: wrong answer");
      }
    };
  }

  private void embeddings(Random random) throws IOException, InterruptedException {
    String texts =
        IntStream.range(0, 5)
            .mapToObj(i -> "\"" + text(random) + "\"")
            .collect(Collectors.joining(",", "[", "]"));
    send(
        "embeddings",
        request("/v1/embeddings")
            .header("Content-Type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofString("{\"model\":\"text\",\"input\":" + texts + "}"))
            .build(),
        Set.of(200));
  }

  private void wrong(Random random) throws IOException, InterruptedException {
    switch (random.nextInt(5)) {
      case 0 -> post("wrong", INFER, "{\"inputs\": [", Set.of(400));
      case 1 -> post("wrong", INFER, json(3), Set.of(400));
      case 2 -> post("wrong", "/v2/models/nobody/infer", json(WIDTH), Set.of(404));
      case 3 -> post("wrong", INFER, json(WIDTH).replace("FP32", "INT64"), Set.of(400));
      default ->
          send(
              "wrong",
              request(INFER)
                  .header("Inference-Header-Content-Length", "5000000")
                  .POST(HttpRequest.BodyPublishers.ofString(json(WIDTH)))
                  .build(),
              Set.of(400));
    }
  }

  /** What the console and Prometheus ask for. */
  private void watch(Random random) throws IOException, InterruptedException {
    for (String path : List.of("/v2/console", "/metrics", "/v2/models/text/stats", "/v2/jobs")) {
      send("watch", request(path).build(), Set.of(200));
    }
  }

  /** Sends all or half of a request and goes. */
  private void leave(Random random) throws IOException {
    byte[] body = text(random).getBytes(StandardCharsets.UTF_8);
    try (Socket socket = new Socket("127.0.0.1", server.port())) {
      OutputStream out = socket.getOutputStream();
      out.write(
          ("POST /v2/models/text/predict HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
                  .formatted(body.length))
              .getBytes(StandardCharsets.US_ASCII));
      out.write(body, 0, random.nextBoolean() ? body.length : body.length / 2);
      out.flush();
    }
    counted("left");
  }

  private void job(Random random) throws IOException, InterruptedException {
    String id =
        id(
            send(
                "job",
                request(INFER)
                    .header("Prefer", "respond-async")
                    .POST(HttpRequest.BodyPublishers.ofString(json(WIDTH)))
                    .build(),
                Set.of(202)));
    if (random.nextInt(4) == 0) {
      post("job cancelled", "/v2/jobs/" + id + "/cancel", "", Set.of(200, 202, 409));
    } else {
      send("job result", request("/v2/jobs/" + id + "/result?wait=50s").build(), Set.of(200));
    }
    send("job removed", request("/v2/jobs/" + id).DELETE().build(), Set.of(200, 202, 204));
  }

  private void bulk(Random random) throws IOException, InterruptedException {
    String lines =
        IntStream.range(0, 100)
            .mapToObj(i -> "{\"text\":\"" + text(random) + "\"}\n")
            .collect(Collectors.joining());
    String id =
        id(
            send(
                "bulk",
                request("/v2/models/text/jobs")
                    .POST(HttpRequest.BodyPublishers.ofString(lines))
                    .build(),
                Set.of(202)));
    String results =
        send("bulk result", request("/v2/jobs/" + id + "/result?wait=50s").build(), Set.of(200));
    if (results.lines().count() != 100) {
      surprise("bulk: " + results.lines().count() + " lines");
    }
  }

  private static String id(String job) {
    Matcher matcher = ID.matcher(job);
    if (!matcher.find()) {
      throw new IllegalStateException("no id in " + job);
    }
    return matcher.group(1);
  }

  private void load(String model) throws IOException, InterruptedException {
    post("load", "/v2/repository/models/" + model + "/load", "{}", Set.of(200));
  }

  /** For ten seconds more texts than it can do, each of use for 100 ms. */
  private void burst(Random random) throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    List<Thread> threads =
        IntStream.range(0, 64)
            .mapToObj(i ->
                Thread.ofVirtual()
                    .start(() -> {
                      Random own = new Random(i);
                      while (!over && System.nanoTime() < end) {
                        try {
                          send(
                              "burst",
                              request("/v2/models/text/predict")
                                  .header("Request-Timeout-Ms", "100")
                                  .POST(HttpRequest.BodyPublishers.ofString(text(own)))
                                  .build(),
                              Set.of(200, 429, 504));
                          Thread.sleep(10);
                        } catch (IOException | InterruptedException e) {
                          surprise("burst: " + e);
                        }
                      }
                    }))
            .toList();
    for (Thread thread : threads) {
      thread.join();
    }
  }
}
