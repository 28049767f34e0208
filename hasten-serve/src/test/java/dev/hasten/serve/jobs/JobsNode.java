package dev.hasten.serve.jobs;

import dev.hasten.serve.InferenceServer;
import dev.hasten.serve.ServerOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A server in a process of its own, to be killed. */
final class JobsNode {
  private final Process process;
  private final int port;

  private JobsNode(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  static JobsNode start(Path folder, Path models, String storage, int attempts)
      throws IOException, InterruptedException {
    Path file = Files.createTempFile(folder, "port", "");
    Files.delete(file);
    Path log = Files.createTempFile(folder, "node", ".log");
    ProcessBuilder builder =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "--enable-native-access=ALL-UNNAMED",
                    "-Xmx256m",
                    "-XX:TieredStopAtLevel=1",
                    JobsNode.class.getName(),
                    models.toString(),
                    storage,
                    String.valueOf(attempts),
                    file.toString()))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    // On the command line it would be longer than ONNX Runtime takes.
    builder
        .environment()
        .put(
            "CLASSPATH",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    Process process = builder.start();
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
    while (!Files.exists(file)) {
      if (!process.isAlive() || System.nanoTime() > end) {
        process.destroyForcibly();
        throw new IOException("a node did not start: " + Files.readString(log));
      }
      Thread.sleep(20);
    }
    return new JobsNode(process, Integer.parseInt(Files.readString(file)));
  }

  int port() {
    return port;
  }

  /** SIGKILL: nothing is given back, nothing is closed. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  public static void main(String[] arguments) throws IOException {
    InferenceServer server =
        InferenceServer.start(
            ServerOptions.of(Path.of(arguments[0]))
                .withAddress("127.0.0.1", 0)
                .withJobs(
                    JobsOptions.of(arguments[1])
                        .withAttempts(Integer.parseInt(arguments[2]), Duration.ofSeconds(1))));
    Path file = Path.of(arguments[3]);
    Path made = Path.of(arguments[3] + ".made");
    Files.writeString(made, String.valueOf(server.port()));
    Files.move(made, file, StandardCopyOption.ATOMIC_MOVE);
    server.awaitStop();
  }
}
