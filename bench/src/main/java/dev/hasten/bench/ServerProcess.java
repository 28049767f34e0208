package dev.hasten.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code hasten serve} in a process of its own, as a user starts it. */
final class ServerProcess implements AutoCloseable {
  private static final Pattern LISTENING = Pattern.compile("listening on \\w+://[^ ]*:(\\d+) .*");

  private final Process process;
  private final ConcurrentLinkedQueue<String> lines = new ConcurrentLinkedQueue<>();
  private final CompletableFuture<Integer> port = new CompletableFuture<>();

  private ServerProcess(Process process) {
    this.process = process;
    Thread.ofPlatform().daemon().name("server-output").start(this::read);
  }

  /**
   * Starts a server, on a free port unless one is given, and waits until it is ready.
   *
   * @param jvm options of the virtual machine, such as {@code -Xmx256m}
   * @param arguments of {@code hasten serve}
   */
  static ServerProcess start(List<String> jvm, List<String> arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("--sun-misc-unsafe-memory-access=allow");
    command.add("-XX:TrimNativeHeapInterval=60000");
    command.addAll(jvm);
    command.add("dev.hasten.cli.Main");
    command.add("serve");
    command.addAll(arguments);
    if (!arguments.contains("--port")) {
      command.addAll(List.of("--port", "0"));
    }
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    // Not as an argument: the runtime does not bear a long command line.
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    ServerProcess server = new ServerProcess(builder.start());
    try {
      server.port.get(60, TimeUnit.SECONDS);
      server.awaitReady();
      return server;
    } catch (ExecutionException | TimeoutException e) {
      server.close();
      throw new IOException("the server did not start: " + String.join("\n", server.lines), e);
    }
  }

  private void awaitReady() throws IOException, InterruptedException, TimeoutException {
    HttpRequest ready =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + "/v2/health/ready"))
            .build();
    try (HttpClient client = HttpClient.newHttpClient()) {
      for (int i = 0; i < 600; i++) {
        if (client.send(ready, HttpResponse.BodyHandlers.discarding()).statusCode() == 200) {
          return;
        }
        Thread.sleep(100);
      }
    }
    throw new TimeoutException("not ready");
  }

  private void read() {
    try (BufferedReader reader = process.inputReader()) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        lines.add(line);
        Matcher listening = LISTENING.matcher(line);
        if (listening.matches()) {
          port.complete(Integer.valueOf(listening.group(1)));
        }
      }
    } catch (IOException e) {
      lines.add(e.toString());
    }
    port.completeExceptionally(new IOException("it ended"));
  }

  int port() {
    return port.join();
  }

  long pid() {
    return process.pid();
  }

  /** What it printed so far. */
  List<String> lines() {
    return List.copyOf(lines);
  }

  /** Time that it had of all cores. */
  Duration cpu() {
    return process.info().totalCpuDuration().orElse(Duration.ZERO);
  }

  /** SIGTERM, and waits for the end; returns the exit status. */
  int terminate() throws InterruptedException {
    process.destroy();
    return process.waitFor();
  }

  /** SIGKILL. */
  @Override
  public void close() {
    process.destroyForcibly();
  }
}
