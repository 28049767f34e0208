package dev.hasten.measure;

import dev.hasten.runtime.Cores;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The machine, as far as it decides what is fast.
 *
 * @param processor model name
 * @param architecture {@code x86_64}, {@code aarch64}
 * @param instructionSets those that decide, by the kernel's names: {@code avx2}, {@code avx512f},
 *     {@code avx512_vnni}, {@code avx_vnni}, {@code avx_vnni_int8}, {@code amx_int8}, {@code
 *     avx512_bf16}…
 * @param cores that this process may use: CPU affinity and container quota respected, at least 1
 * @param machineCores logical processors of the machine; 0 if unknown
 * @param memoryBytes that this process may use, container limit respected; 0 if unknown
 * @param caches of the first core, smallest level first
 * @param system operating system and kernel
 */
public record Hardware(
    String processor,
    String architecture,
    Set<String> instructionSets,
    int cores,
    int machineCores,
    long memoryBytes,
    List<Cache> caches,
    String system) {
  public Hardware {
    instructionSets = Set.copyOf(instructionSets);
    caches = List.copyOf(caches);
  }

  /**
   * A cache.
   *
   * @param level 1, 2, 3
   * @param type {@code Data}, {@code Instruction}, {@code Unified}
   * @param bytes its size
   */
  public record Cache(int level, String type, long bytes) {}

  /**
   * Looks at this machine. What can't be found out is empty or 0, never guessed: instruction sets,
   * processor and caches come from Linux's {@code /proc} and {@code /sys}.
   */
  public static Hardware detect() {
    return HardwareFiles.ofThisMachine().read(Cores.available());
  }

  /** Whether the processor sums byte products at full width (VNNI, AMX, or Arm's dot product). */
  public boolean hasInt8Dot() {
    return instructionSets.contains("avx512_vnni")
        || instructionSets.contains("avx_vnni")
        || instructionSets.contains("avx_vnni_int8")
        || instructionSets.contains("amx_int8")
        || instructionSets.contains("asimddp");
  }

  /**
   * Whether unsigned × signed byte products saturate at 16 bits, silently: weights must then stay
   * within ±64.
   */
  public boolean int8Saturates() {
    return architecture.equals("x86_64") && !hasInt8Dot();
  }

  /** Bytes of memory that a new process could have now; 0 where the system does not tell. */
  public static long availableBytes() {
    return HardwareFiles.ofThisMachine().available();
  }

  /** The instruction sets in one line, for reports: {@code AVX2, AVX-512, VNNI}. */
  public String summary() {
    List<String> names = new ArrayList<>();
    add(names, "AVX2", "avx2");
    add(names, "AVX-512", "avx512f");
    add(names, "VNNI", "avx512_vnni", "avx_vnni");
    add(names, "AVX-VNNI-INT8", "avx_vnni_int8");
    add(names, "BF16", "avx512_bf16", "amx_bf16", "bf16");
    add(names, "AMX", "amx_tile");
    add(names, "FP16", "avx512_fp16", "asimdhp");
    add(names, "NEON", "asimd");
    add(names, "dot product", "asimddp");
    add(names, "I8MM", "i8mm");
    add(names, "SVE", "sve");
    return names.isEmpty() ? "none known" : String.join(", ", names);
  }

  private void add(List<String> names, String name, String... flags) {
    for (String flag : flags) {
      if (instructionSets.contains(flag)) {
        names.add(name);
        return;
      }
    }
  }
}
