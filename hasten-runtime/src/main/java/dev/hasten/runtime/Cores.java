package dev.hasten.runtime;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** How many cores this process may use: the machine's, its affinity, and its container's quota. */
public final class Cores {
  private Cores() {}

  /**
   * At least 1. A quota of 2.5 cores gives 2: a third thread would be throttled half of the time,
   * and the whole run would wait for it.
   */
  public static int available() {
    return within(Runtime.getRuntime().availableProcessors(), Path.of("/sys/fs/cgroup"));
  }

  static int within(int processors, Path cgroup) {
    double quota = Math.min(version2(cgroup), version1(cgroup));
    return (int) Math.max(1, Math.min(processors, Math.floor(quota)));
  }

  /** {@code cpu.max} holds "quota period" or "max period", in microseconds. */
  private static double version2(Path cgroup) {
    List<String> fields = fields(cgroup.resolve("cpu.max"));
    return fields.size() == 2 ? ratio(fields.get(0), fields.get(1)) : Double.POSITIVE_INFINITY;
  }

  private static double version1(Path cgroup) {
    List<String> quota = fields(cgroup.resolve("cpu").resolve("cpu.cfs_quota_us"));
    List<String> period = fields(cgroup.resolve("cpu").resolve("cpu.cfs_period_us"));
    return quota.size() == 1 && period.size() == 1
        ? ratio(quota.getFirst(), period.getFirst())
        : Double.POSITIVE_INFINITY;
  }

  /** No limit where the quota is "max" (version 2) or -1 (version 1). */
  private static double ratio(String quota, String period) {
    try {
      double q = Double.parseDouble(quota);
      double p = Double.parseDouble(period);
      return q > 0 && p > 0 ? q / p : Double.POSITIVE_INFINITY;
    } catch (NumberFormatException e) {
      return Double.POSITIVE_INFINITY;
    }
  }

  private static List<String> fields(Path file) {
    try {
      return Files.isReadable(file)
          ? List.of(Files.readString(file).strip().split("\\s+"))
          : List.of();
    } catch (IOException e) {
      return List.of();
    }
  }
}
