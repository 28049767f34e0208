package dev.hasten.serve.jobs;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A PostgreSQL of its own in a temporary folder, where the Debian package is installed. */
final class LocalPostgres implements AutoCloseable {
  private final Path bin;
  private final Path folder;
  private final boolean root;
  private final int port;

  private LocalPostgres(Path bin, Path folder, boolean root, int port) {
    this.bin = bin;
    this.folder = folder;
    this.root = root;
    this.port = port;
  }

  /** Skips the test, with the reason, where there is none. */
  static LocalPostgres start() throws IOException, InterruptedException {
    Path bin = newest();
    boolean root = "root".equals(System.getProperty("user.name"));
    // PostgreSQL does not run as root.
    assumeTrue(
        !root || Files.isExecutable(Path.of("/usr/sbin/runuser")),
        "skipped: PostgreSQL needs another user than root, and there is no runuser");
    Path folder = Files.createTempDirectory("hasten-postgres");
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    if (root) {
      new ProcessBuilder("chown", "postgres", folder.toString()).inheritIO().start().waitFor();
    }
    LocalPostgres postgres = new LocalPostgres(bin, folder, root, port);
    postgres.run("initdb", "-D", folder + "/data", "-U", "hasten", "-A", "trust", "-N");
    postgres.run(
        "pg_ctl",
        "-D",
        folder + "/data",
        "-w",
        "-l",
        folder + "/log",
        "-o",
        "-p %d -k %s -c listen_addresses=127.0.0.1 -c max_connections=60".formatted(port, folder),
        "start");
    return postgres;
  }

  private static Path newest() throws IOException {
    Path all = Path.of("/usr/lib/postgresql");
    assumeTrue(Files.isDirectory(all), "skipped: no PostgreSQL here (apt-get install postgresql)");
    try (Stream<Path> versions = Files.list(all)) {
      return versions
          .map(version -> version.resolve("bin"))
          .filter(bin -> Files.isExecutable(bin.resolve("initdb")))
          .max(Path::compareTo)
          .orElseThrow(() -> new org.opentest4j.TestAbortedException("skipped: no initdb here"));
    }
  }

  private void run(String tool, String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    if (root) {
      command.addAll(List.of("/usr/sbin/runuser", "-u", "postgres", "--"));
    }
    command.add(bin.resolve(tool).toString());
    command.addAll(List.of(arguments));
    Path log = Files.createTempFile("hasten-postgres", ".log");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    if (!process.waitFor(120, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IOException(tool + " failed: " + Files.readString(log));
    }
    Files.delete(log);
  }

  /** The URL of its database. */
  String url() {
    return "jdbc:postgresql://127.0.0.1:%d/postgres?user=hasten".formatted(port);
  }

  @Override
  public void close() {
    try {
      run("pg_ctl", "-D", folder + "/data", "-m", "immediate", "-w", "stop");
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
