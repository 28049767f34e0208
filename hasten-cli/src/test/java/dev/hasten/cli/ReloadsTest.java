package dev.hasten.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Tensor;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server under load whose models are exchanged, and that is stopped (SIGTERM) and started again:
 * no request fails but those that are refused between its end and its next start. {@code
 * bench/reloads.sh} runs it with 100 reloads and 20 stops.
 */
class ReloadsTest {
  private static final int RELOADS = Integer.getInteger("hasten.reloads", 6);
  private static final int STOPS = Integer.getInteger("hasten.stops", 2);

  @TempDir private Path temp;
  private Path models;
  private int port;
  private ServeProcess server;
  private final List<LoadClient> clients = new ArrayList<>();

  @BeforeEach
  void start() throws Exception {
    models = Files.createDirectories(temp.resolve("models/adder"));
    appear(1, 1);
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    server = serve();
    clients.add(LoadClient.rest("REST, HTTP/1.1", port, false));
    clients.add(LoadClient.rest("REST, HTTP/2", port, true));
    clients.add(LoadClient.grpc("gRPC", port));
    clients.add(LoadClient.grpc("gRPC", port));
  }

  private ServeProcess serve() throws Exception {
    return ServeProcess.start(
        temp.resolve("models"), "--port", String.valueOf(port), "--poll", "100ms");
  }

  @AfterEach
  void stop() throws Exception {
    for (LoadClient client : clients) {
      client.close();
    }
    server.kill();
  }

  private Path made(double amount) throws IOException {
    Path folder = Files.createTempDirectory(temp, "made");
    GraphBuilder.opset(17)
        .input("x", DataType.FLOAT, "batch", 4)
        .weight("a", Tensor.floats(new float[] {(float) amount}, 1))
        .node("y", "Add", "x", "a")
        .output("y", DataType.FLOAT, "batch", 4)
        .build()
        .write(folder.resolve("model.onnx"));
    return folder;
  }

  private void appear(int version, double amount) throws IOException {
    Files.move(made(amount), models.resolve(String.valueOf(version)));
  }

  private void replace(int version, double amount) throws IOException {
    Files.move(
        made(amount).resolve("model.onnx"),
        models.resolve(version + "/model.onnx"),
        StandardCopyOption.ATOMIC_MOVE);
  }

  private void remove(int version) throws IOException {
    Path folder = models.resolve(String.valueOf(version));
    if (Files.exists(folder)) {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private void until(String what, BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("%s; %s", what, server.said()).isLessThan(end);
      Thread.sleep(10);
    }
  }

  /** Every client has got an answer that only a new model gives. */
  private void untilAllSee(double amount) throws InterruptedException {
    until(amount + " seen", () -> clients.stream().allMatch(client -> client.newest() == amount));
  }

  @Test
  void reloadsAndStopsUnderLoad() throws Exception {
    for (LoadClient client : clients) {
      client.start();
    }
    untilAllSee(1);
    int broken = 0;
    for (int version = 2; version <= RELOADS + 1; version++) {
      if (version % 3 == 0) {
        // The same version with other content.
        replace(version - 1, version);
        untilAllSee(version);
      }
      if (version % 5 == 0) {
        Files.writeString(
            Files.createDirectories(models.resolve("1000")).resolve("model.onnx"), "no model");
        broken++;
        int count = broken;
        until(
            "told of a broken version",
            () ->
                server.said().stream().filter(l -> l.contains("cannot be opened")).count()
                    >= count);
        remove(1000);
      }
      appear(version, version + 0.5);
      untilAllSee(version + 0.5);
      remove(version - 2);
    }
    report("%d reloads, %d broken versions".formatted(RELOADS + RELOADS / 3, broken));
    for (LoadClient client : clients) {
      assertThat(client.failures()).as(client.name()).isEmpty();
      assertThat(client.refusals()).as(client.name() + ": refused").isEmpty();
    }

    for (int stop = 1; stop <= STOPS; stop++) {
      long from = System.nanoTime();
      // As a process ends that is told to by a signal.
      int code = server.stop();
      assertThat(code).as(server.said().toString()).isEqualTo(143);
      server = serve();
      long to = System.nanoTime();
      List<Integer> before = clients.stream().map(LoadClient::answered).toList();
      until(
          "answers after a start",
          () ->
              java.util.stream.IntStream.range(0, clients.size())
                  .allMatch(i -> clients.get(i).answered() > before.get(i) + 20));
      for (LoadClient client : clients) {
        client.allowRefusals(from, to);
      }
    }
    report(STOPS + " stops");
    for (LoadClient client : clients) {
      assertThat(client.failures()).as(client.name()).isEmpty();
      assertThat(client.refusals()).as(client.name() + ": refused while it was up").isEmpty();
    }
  }

  private void report(String what) {
    for (LoadClient client : clients) {
      System.out.printf(
          Locale.ROOT,
          "%s: %s: %d answered, %d refused in all, %d refused while it was up, %d failed, longest %.0f ms%n",
          what,
          client.name(),
          client.answered(),
          client.refusedInAll(),
          client.refusals().size(),
          client.failures().size(),
          client.longestMillis());
    }
    Set<String> some = new java.util.LinkedHashSet<>();
    clients.forEach(client -> client.failures().stream().limit(3).forEach(some::add));
    some.forEach(failure -> System.out.println("  " + failure));
  }
}
