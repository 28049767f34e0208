package dev.hasten.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Damaged requests by the million, over HTTP/1.1 and HTTP/2, REST and gRPC, against a server in a
 * small heap: {@code bench/run.sh FuzzServer --requests 1000000}. A status that is not declared, a
 * request that does not end, a right request that is refused, and a server that does not answer a
 * health check are findings; memory, threads and open files are sampled after a full collection.
 */
@Command(name = "FuzzServer", mixinStandardHelpOptions = true)
public final class FuzzServer implements java.util.concurrent.Callable<Integer> {
  private static final Duration HEALTH = Duration.ofSeconds(5);

  @Option(names = "--requests", defaultValue = "1000000")
  private long requests;

  @Option(names = "--seed", defaultValue = "1")
  private long seed;

  @Option(names = "--from", defaultValue = "0", description = "First case.")
  private long from;

  @Option(names = "--threads", defaultValue = "12")
  private int threads;

  @Option(names = "--samples", defaultValue = "20")
  private int samples;

  @Option(names = "--heap", defaultValue = "256m")
  private String heap = "";

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(HEALTH).build();
  private volatile boolean over;
  private long slowestHealthMillis;
  private long healthChecks;
  private final List<String> unhealthy = new ArrayList<>();

  /** Exit 0: nothing was found. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new FuzzServer()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    Path folder = Files.createTempDirectory("hasten-fuzz");
    Path log = folder.resolve("server.log");
    Process server = start(folder, log);
    try {
      int port = port(server);
      FuzzRun run = new FuzzRun(port, seed, from, from + requests);
      Thread health = Thread.ofPlatform().start(() -> watch(port));
      long start = System.nanoTime();
      drive(run, server, port);
      double seconds = (System.nanoTime() - start) / 1e9;
      over = true;
      health.join();
      return report(run, seconds, log) ? 0 : 1;
    } finally {
      server.getOutputStream().close();
      if (!server.waitFor(30, TimeUnit.SECONDS)) {
        server.destroyForcibly();
      }
    }
  }

  private Process start(Path folder, Path log) throws IOException {
    // By the environment: a long command line crashes ONNX Runtime.
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx" + heap,
            "-XX:+ExitOnOutOfMemoryError",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            FuzzedServer.class.getName(),
            folder.toString());
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    builder.environment().put("RUST_FLAVOR", "cpu");
    return builder.redirectError(log.toFile()).start();
  }

  private static int port(Process server) throws IOException {
    BufferedReader out =
        new BufferedReader(new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8));
    String line;
    while ((line = out.readLine()) != null) {
      if (line.startsWith("port ")) {
        return Integer.parseInt(line.substring(5));
      }
    }
    throw new IOException("the server did not start");
  }

  private void drive(FuzzRun run, Process server, int port) throws Exception {
    System.out.println("| requests | live heap | RSS | threads | open files |");
    System.out.println("|---|---|---|---|---|");
    sample(run, server, port);
    List<Thread> workers = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      workers.add(Thread.ofPlatform().start(run::work));
    }
    long step = Math.max(1, requests / samples);
    long due = step;
    while (workers.stream().anyMatch(Thread::isAlive)) {
      Thread.sleep(50);
      if (run.sent() >= due) {
        sample(run, server, port);
        due += step;
      }
      if (!server.isAlive()) {
        throw new IOException("the server has ended: exit " + server.exitValue());
      }
    }
    for (Thread worker : workers) {
      worker.join();
    }
    // Connections without requests end after a minute at most, most of them at once.
    Thread.sleep(Math.min(15_000, requests));
    sample(run, server, port);
  }

  private void sample(FuzzRun run, Process server, int port) throws Exception {
    long pid = server.pid();
    ProcessFacts.collectGarbage(pid);
    double used = ProcessFacts.heapBytes(get(port, "/metrics").body());
    System.out.printf(
        Locale.ROOT,
        "| %,d | %.1f MiB | %.0f MiB | %d | %d |%n",
        run.sent(),
        used / (1 << 20),
        (double) ProcessFacts.residentBytes(pid) / (1 << 20),
        ProcessFacts.threads(pid),
        ProcessFacts.openFiles(pid));
  }

  private HttpResponse<String> get(int port, String path) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .timeout(HEALTH)
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private void watch(int port) {
    while (!over) {
      long start = System.nanoTime();
      try {
        if (get(port, "/v2/health/live").statusCode() != 200) {
          unhealthy.add("not live");
        }
        slowestHealthMillis =
            Math.max(slowestHealthMillis, (System.nanoTime() - start) / 1_000_000);
        healthChecks++;
        Thread.sleep(50);
      } catch (Exception e) {
        unhealthy.add(String.valueOf(e));
      }
    }
  }

  private boolean report(FuzzRun run, double seconds, Path log) throws IOException {
    System.out.println("\n| protocol | damage | outcome | cases |\n|---|---|---|---|");
    run.outcomes().forEach((outcome, count) -> System.out.printf("| %s | %,d |%n", outcome, count));
    List<String> said;
    try (Stream<String> lines = Files.lines(log)) {
      said = lines.filter(line -> !line.isBlank()).limit(100).toList();
    }
    System.out.printf(
        Locale.ROOT,
        "%nseed %d, cases %d to %d: %,d requests in %.0f s (%.0f/s); %,d health checks, the slowest"
            + " %d ms, failed %d; the server's log has %d lines%n",
        seed,
        from,
        from + requests - 1,
        run.sent(),
        seconds,
        run.sent() / seconds,
        healthChecks,
        slowestHealthMillis,
        unhealthy.size(),
        said.size());
    unhealthy.stream().limit(10).forEach(System.out::println);
    said.stream().limit(40).forEach(System.out::println);
    System.out.println(run.findings().size() + " findings");
    run.findings().forEach(System.out::println);
    return run.findings().isEmpty() && unhealthy.isEmpty();
  }
}
