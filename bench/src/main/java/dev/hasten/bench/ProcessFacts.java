package dev.hasten.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What Linux and the JDK tell of a process. */
final class ProcessFacts {
  private static final Pattern HEAP =
      Pattern.compile("(?m)^jvm_memory_used_bytes\\{area=\"heap\".*} ([0-9.E+]+)$");

  private ProcessFacts() {}

  static long residentBytes(long pid) throws IOException {
    for (String line : Files.readAllLines(of(pid).resolve("status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
      }
    }
    throw new IOException("no VmRSS in the status of process " + pid);
  }

  static long threads(long pid) throws IOException {
    return count(of(pid).resolve("task"));
  }

  static long openFiles(long pid) throws IOException {
    return count(of(pid).resolve("fd"));
  }

  private static Path of(long pid) {
    return Path.of("/proc", Long.toString(pid));
  }

  private static long count(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.count();
    }
  }

  /** Has a JVM of the same user collect its garbage. */
  static void collectGarbage(long pid) throws IOException, InterruptedException {
    Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
    new ProcessBuilder(jcmd.toString(), Long.toString(pid), "GC.run")
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start()
        .waitFor();
  }

  /** Bytes of the heap in use, from what a server answers at {@code /metrics}. */
  static double heapBytes(String metrics) {
    return HEAP.matcher(metrics)
        .results()
        .mapToDouble(area -> Double.parseDouble(area.group(1)))
        .sum();
  }
}
