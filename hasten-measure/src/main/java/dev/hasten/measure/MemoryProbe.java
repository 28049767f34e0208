package dev.hasten.measure;

import dev.hasten.runtime.Backend;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The child process of {@link ProcessCost}: loads a model, runs it, tells what that took as {@code
 * key=value} lines. Not for people.
 */
public final class MemoryProbe {
  static final String BEFORE = "hasten.before";
  static final String LOAD = "hasten.load";
  static final String ANSWERED = "hasten.answered";
  static final String PEAK = "hasten.peak";
  static final String LOADED = "hasten.loaded";
  static final String RAN = "hasten.ran";
  static final Set<String> KEYS = Set.of(BEFORE, LOAD, ANSWERED, PEAK, LOADED, RAN);

  /** Exit status after a failure that the message explains. */
  static final int FAILED = 2;

  /** A second and third run let arenas reach their size. */
  private static final int RUNS_PER_BATCH = 3;

  private MemoryProbe() {}

  /**
   * Runs the probe.
   *
   * @param args model, file of batches, threads
   */
  public static void main(String[] args) throws IOException {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    try {
      probe(out, Path.of(args[0]), Path.of(args[1]), Integer.parseInt(args[2]));
    } catch (RuntimeException e) {
      System.err.println(e.getMessage() == null ? e.toString() : e.getMessage());
      System.exit(FAILED);
    }
  }

  private static void probe(PrintStream out, Path model, Path file, int threads)
      throws IOException {
    List<Map<String, NdArray>> batches = Batches.read(file);
    Backend backend = Backend.cpu();
    // Naming the version loads the native library: its own memory is not the model's.
    backend.version();
    out.println(BEFORE + "=" + status("VmRSS"));
    long start = System.nanoTime();
    SessionOptions options = SessionOptions.defaults().withIntraOpThreads(threads);
    try (Session session = backend.open(model, options)) {
      out.println(LOAD + "=" + (System.nanoTime() - start));
      out.println(LOADED + "=" + status("VmRSS"));
      session.run(batches.getFirst());
      out.println(ANSWERED + "=1");
      for (Map<String, NdArray> batch : batches) {
        for (int i = 0; i < RUNS_PER_BATCH; i++) {
          session.run(batch);
        }
      }
      // Before it is closed: the runtime keeps what runs needed for those to come.
      out.println(RAN + "=" + status("VmRSS"));
    }
    out.println(PEAK + "=" + status("VmHWM"));
  }

  /** Bytes that Linux tells of this process under {@code field}; 0 elsewhere. */
  private static long status(String field) throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.isReadable(status)) {
      return 0;
    }
    for (String line : Files.readAllLines(status)) {
      if (line.startsWith(field + ":")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
      }
    }
    return 0;
  }
}
