package dev.hasten.runtime;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Where a bundle was measured.
 *
 * @param processor model name
 * @param isa instruction sets that decide speed, as Linux calls them: {@code avx2}, {@code
 *     avx512_vnni}
 * @param runtime backend and version, {@code onnxruntime 1.29.0}
 */
public record TunedOn(String processor, List<String> isa, String runtime) {
  /** Those of x86-64 and arm64 that ONNX Runtime's kernels choose by. */
  private static final Set<String> DECISIVE =
      Set.of(
          "avx",
          "avx2",
          "fma",
          "f16c",
          "avx512f",
          "avx512bw",
          "avx512_vnni",
          "avx_vnni",
          "avx512_bf16",
          "avx512_fp16",
          "amx_tile",
          "amx_int8",
          "amx_bf16",
          "asimd",
          "asimddp",
          "asimdhp",
          "i8mm",
          "bf16",
          "sve",
          "sve2");

  public TunedOn {
    isa = List.copyOf(isa);
  }

  /** This machine, this runtime. */
  public static TunedOn here() {
    return parse(cpuInfo(), "onnxruntime " + OnnxRuntime.version());
  }

  static TunedOn parse(List<String> cpuInfo, String runtime) {
    String processor =
        field(cpuInfo, "model name")
            .orElse(System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    String flags = field(cpuInfo, "flags").or(() -> field(cpuInfo, "Features")).orElse("");
    Stream<String> isa = Arrays.stream(flags.split(" ")).filter(DECISIVE::contains).sorted();
    return new TunedOn(processor, isa.toList(), runtime);
  }

  private static List<String> cpuInfo() {
    try {
      return Files.readAllLines(Path.of("/proc/cpuinfo"));
    } catch (IOException e) {
      // Not Linux: the architecture's name has to do.
      return List.of();
    }
  }

  private static Optional<String> field(List<String> cpuInfo, String name) {
    return cpuInfo.stream()
        .map(line -> line.split(":", 2))
        .filter(parts -> parts.length == 2 && parts[0].strip().equals(name))
        .map(parts -> parts[1].strip())
        .findFirst();
  }

  /**
   * What differs elsewhere and why it matters; empty where the bundle may be expected to do as
   * measured.
   */
  public List<String> differencesTo(TunedOn elsewhere) {
    List<String> differences = new ArrayList<>();
    Set<String> lost = without(isa, elsewhere.isa);
    Set<String> gained = without(elsewhere.isa, isa);
    if (!lost.isEmpty() || !gained.isEmpty()) {
      differences.add(
          "tuned on "
              + processor
              + ", runs on "
              + elsewhere.processor
              + (lost.isEmpty() ? "" : ", which lacks " + String.join(", ", lost))
              + (gained.isEmpty() ? "" : ", which also has " + String.join(", ", gained))
              + ": other kernels run, and another recipe may be best (hasten optimize here)");
    } else if (!processor.equals(elsewhere.processor)) {
      differences.add(
          "tuned on "
              + processor
              + ", runs on "
              + elsewhere.processor
              + " with the same"
              + " instruction sets: times will differ");
    }
    if (!runtime.equals(elsewhere.runtime)) {
      differences.add(
          "tuned with "
              + runtime
              + ", runs with "
              + elsewhere.runtime
              + ": its kernels may be faster or slower for this model");
    }
    return differences;
  }

  private static Set<String> without(List<String> some, List<String> others) {
    Set<String> result = new TreeSet<>(some);
    others.forEach(result::remove);
    return result;
  }
}
