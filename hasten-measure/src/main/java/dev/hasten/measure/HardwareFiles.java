package dev.hasten.measure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Hardware facts in Linux's files. A file that is missing leaves its fact unknown. (OSHI was tried
 * on paper and left out: it knows neither all instruction sets nor the container's limits, which
 * are what decides here.)
 *
 * @param proc {@code /proc}
 * @param sys {@code /sys}
 */
record HardwareFiles(Path proc, Path sys) {
  /** Of the hundred flags of a processor, those that kernels are chosen by. */
  private static final Set<String> DECISIVE =
      Set.of(
          "sse4_1",
          "avx",
          "f16c",
          "fma",
          "avx2",
          "avx512f",
          "avx512bw",
          "avx512vl",
          "avx512_vnni",
          "avx_vnni",
          "avx_vnni_int8",
          "avx512_bf16",
          "avx512_fp16",
          "amx_tile",
          "amx_int8",
          "amx_bf16",
          "asimd",
          "asimdhp",
          "asimddp",
          "i8mm",
          "bf16",
          "sve",
          "sve2");

  static HardwareFiles ofThisMachine() {
    return new HardwareFiles(Path.of("/proc"), Path.of("/sys"));
  }

  Hardware read(int cores) {
    List<String> cpuinfo = lines(proc.resolve("cpuinfo"));
    int processors = (int) cpuinfo.stream().filter(line -> field(line).equals("processor")).count();
    String processor = value(cpuinfo, "model name");
    String features = value(cpuinfo, "flags") + " " + value(cpuinfo, "Features");
    Set<String> instructionSets = new HashSet<>();
    for (String flag : features.strip().split("\\s+")) {
      if (DECISIVE.contains(flag)) {
        instructionSets.add(flag);
      }
    }
    return new Hardware(
        processor.isEmpty() ? "unknown processor" : processor,
        architecture(System.getProperty("os.arch", "")),
        instructionSets,
        cores,
        processors,
        memory(),
        caches(),
        System.getProperty("os.name", "") + " " + System.getProperty("os.version", ""));
  }

  static String architecture(String jvmName) {
    return switch (jvmName.toLowerCase(Locale.ROOT)) {
      case "amd64", "x86_64", "x86-64" -> "x86_64";
      case "aarch64", "arm64" -> "aarch64";
      default -> jvmName;
    };
  }

  /** Bytes that could be taken now; 0 where the system does not tell. */
  long available() {
    return Math.min(inMemoryInfo("MemAvailable"), memory());
  }

  private long inMemoryInfo(String field) {
    long bytes = 0;
    for (String line : lines(proc.resolve("meminfo"))) {
      if (field(line).equals(field)) {
        bytes = number(line.replaceAll("[^0-9]", "")) * 1024;
      }
    }
    return bytes;
  }

  private long memory() {
    long machine = inMemoryInfo("MemTotal");
    long limit = Long.MAX_VALUE;
    for (String file : List.of("fs/cgroup/memory.max", "fs/cgroup/memory/memory.limit_in_bytes")) {
      for (String line : lines(sys.resolve(file))) {
        long bytes = number(line.strip());
        limit = bytes > 0 ? Math.min(limit, bytes) : limit;
      }
    }
    return machine == 0 ? (limit == Long.MAX_VALUE ? 0 : limit) : Math.min(machine, limit);
  }

  private List<Hardware.Cache> caches() {
    List<Hardware.Cache> caches = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      Path index = sys.resolve("devices/system/cpu/cpu0/cache/index" + i);
      List<String> size = lines(index.resolve("size"));
      List<String> level = lines(index.resolve("level"));
      List<String> type = lines(index.resolve("type"));
      if (!size.isEmpty() && !level.isEmpty() && !type.isEmpty()) {
        caches.add(
            new Hardware.Cache(
                (int) number(level.getFirst().strip()),
                type.getFirst().strip(),
                bytes(size.getFirst().strip())));
      }
    }
    caches.sort(Comparator.comparingInt(Hardware.Cache::level));
    return caches;
  }

  /** {@code 32K}, {@code 1024K}, {@code 32M}. */
  private static long bytes(String size) {
    long number = number(size.replaceAll("[^0-9]", ""));
    return size.endsWith("M") ? number << 20 : size.endsWith("K") ? number << 10 : number;
  }

  private static long number(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  private static String value(List<String> cpuinfo, String field) {
    return cpuinfo.stream()
        .filter(line -> field(line).equals(field))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse("");
  }

  private static String field(String line) {
    int colon = line.indexOf(':');
    return colon < 0 ? "" : line.substring(0, colon).strip();
  }

  private static List<String> lines(Path file) {
    try {
      return Files.isReadable(file) ? Files.readAllLines(file) : List.of();
    } catch (IOException e) {
      return List.of();
    }
  }
}
