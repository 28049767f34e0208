package dev.hasten.measure;

import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.EnvironmentException;
import dev.hasten.runtime.NdArray;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * What a model costs as a process of its own: measured in a child JVM that loads it and runs it.
 *
 * @param peakBytes highest resident memory of the process (VmHWM): JVM, runtime and model; 0 where
 *     the system does not tell
 * @param modelBytes the part of it that came after the JVM and the runtime's library had started:
 *     weights, packed copies and arenas; 0 likewise
 * @param runBytes what the runs added to the memory of the loaded model; 0 likewise
 * @param load time from the call that opens the model to the open session
 * @param firstAnswer time from the start of the process to the first answer
 * @param fileBytes size of the model's file, external data included
 */
public record ProcessCost(
    long peakBytes,
    long modelBytes,
    long runBytes,
    Duration load,
    Duration firstAnswer,
    long fileBytes) {
  private static final Duration LONGEST = Duration.ofMinutes(10);

  /**
   * Measures {@code model} in a child of this JVM's own executable and class path.
   *
   * @param inputs the batches to run, one after the other, each three times
   * @param threads intra-operator threads
   * @throws BadInputException if the child can't load or run the model, with its message
   * @throws EnvironmentException if no child can be started, or it takes more than ten minutes
   */
  public static ProcessCost measure(Path model, List<Map<String, NdArray>> inputs, int threads) {
    if (inputs.isEmpty()) {
      throw new IllegalArgumentException("no inputs (expected: at least one batch)");
    }
    Path folder = null;
    try {
      folder = Files.createTempDirectory("hasten-probe");
      Path batches = folder.resolve("batches");
      Path errors = folder.resolve("errors");
      Batches.write(batches, inputs);
      return run(model, batches, errors, threads);
    } catch (IOException e) {
      throw new EnvironmentException("a child process to measure memory: " + e.getMessage(), e);
    } finally {
      delete(folder);
    }
  }

  private static ProcessCost run(Path model, Path batches, Path errors, int threads)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            // A heap that stays small and steady: what is measured is native memory.
            "-XX:+UseSerialGC",
            "-Xshare:auto",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            MemoryProbe.class.getName(),
            model.toAbsolutePath().toString(),
            batches.toString(),
            Integer.toString(threads));
    // Not as an argument: ONNX Runtime 1.29 reads its process's command line when it starts and
    // crashes the JVM if that is longer than about 4,000 characters.
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    builder.redirectError(errors.toFile());
    long start = System.nanoTime();
    Process child = builder.start();
    Thread guard = guard(child);
    try {
      Map<String, Long> told = new HashMap<>();
      long firstAnswer = 0;
      try (BufferedReader lines = child.inputReader(StandardCharsets.UTF_8)) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          String[] pair = line.split("=", 2);
          if (pair.length == 2 && MemoryProbe.KEYS.contains(pair[0])) {
            told.put(pair[0], Long.parseLong(pair[1]));
            if (pair[0].equals(MemoryProbe.ANSWERED)) {
              firstAnswer = System.nanoTime() - start;
            }
          }
        }
      }
      int exit = child.waitFor();
      if (exit != 0) {
        throw failed(model, exit, Files.readString(errors));
      }
      long peak = told.getOrDefault(MemoryProbe.PEAK, 0L);
      long before = told.getOrDefault(MemoryProbe.BEFORE, 0L);
      return new ProcessCost(
          peak,
          before == 0 ? 0 : Math.max(0, peak - before),
          Math.max(
              0,
              told.getOrDefault(MemoryProbe.RAN, 0L) - told.getOrDefault(MemoryProbe.LOADED, 0L)),
          Duration.ofNanos(told.getOrDefault(MemoryProbe.LOAD, 0L)),
          Duration.ofNanos(firstAnswer),
          fileBytes(model));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while measuring " + model, e);
    } finally {
      child.destroyForcibly();
      guard.interrupt();
    }
  }

  /** Ends a child that hangs: reading its output would otherwise wait for ever. */
  private static Thread guard(Process child) {
    return Thread.ofVirtual()
        .start(() -> {
          try {
            if (!child.waitFor(LONGEST.toSeconds(), TimeUnit.SECONDS)) {
              child.destroyForcibly();
            }
          } catch (InterruptedException e) {
            // The child has ended, which is what is being waited for.
          }
        });
  }

  private static RuntimeException failed(Path model, int exit, String errors) {
    String told = errors.strip();
    if (exit == MemoryProbe.FAILED) {
      return new BadInputException(model + ": the probe failed: " + told);
    }
    String tail = told.length() > 500 ? told.substring(told.length() - 500) : told;
    return new EnvironmentException(
        ("%s: the process that measures its memory ended with %d (expected: 0); it may have run"
                + " out of memory or of time. It said: %s")
            .formatted(model, exit, tail));
  }

  /**
   * The model's size with the external data beside it ({@code model.onnx.data}, {@code
   * .onnx_data}).
   */
  static long fileBytes(Path model) throws IOException {
    Path absolute = model.toAbsolutePath();
    String name = absolute.getFileName().toString();
    long sum = Files.size(absolute);
    for (String suffix : List.of(".data", "_data")) {
      Path beside = absolute.resolveSibling(name + suffix);
      sum += Files.isRegularFile(beside) ? Files.size(beside) : 0;
    }
    return sum;
  }

  private static void delete(@org.jspecify.annotations.Nullable Path folder) {
    if (folder == null) {
      return;
    }
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      // A stray temporary folder is the system's to clear; the measurement stands.
    }
  }
}
