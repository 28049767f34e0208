package dev.hasten.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** {@code hasten serve} in a process of its own. */
final class ServeProcess {
  private final Process process;
  private final List<String> said = new CopyOnWriteArrayList<>();
  private final CountDownLatch ready = new CountDownLatch(1);

  private ServeProcess(Process process) {
    this.process = process;
    Thread.ofVirtual().start(this::read);
  }

  /** Starts one, and waits until it is ready. */
  static ServeProcess start(Path models, String... more) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                Main.class.getName(),
                "serve",
                models.toString()));
    command.addAll(List.of(more));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    // On the command line it would be longer than ONNX Runtime takes.
    builder
        .environment()
        .put(
            "CLASSPATH",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    ServeProcess server = new ServeProcess(builder.start());
    if (!server.ready.await(2, TimeUnit.MINUTES) || !server.process.isAlive()) {
      server.kill();
      throw new IOException("the server did not start: " + server.said);
    }
    return server;
  }

  private void read() {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      String line;
      while ((line = lines.readLine()) != null) {
        said.add(line);
        if (line.equals("ready")) {
          ready.countDown();
        }
      }
    } catch (IOException e) {
      said.add(e.toString());
    } finally {
      ready.countDown();
    }
  }

  List<String> said() {
    return said;
  }

  /**
   * SIGTERM; waits for the end.
   *
   * @return its exit code
   */
  int stop() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(1, TimeUnit.MINUTES)) {
      kill();
      return -1;
    }
    return process.exitValue();
  }

  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }
}
