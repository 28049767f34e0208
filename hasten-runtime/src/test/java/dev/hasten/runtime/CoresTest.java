package dev.hasten.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CoresTest {
  @Test
  void respectsTheContainersQuota(@TempDir Path cgroup) throws IOException {
    assertThat(Cores.within(8, cgroup)).isEqualTo(8);
    Files.writeString(cgroup.resolve("cpu.max"), "max 100000\n");
    assertThat(Cores.within(8, cgroup)).isEqualTo(8);
    Files.writeString(cgroup.resolve("cpu.max"), "250000 100000\n");
    assertThat(Cores.within(8, cgroup)).isEqualTo(2);
    Files.writeString(cgroup.resolve("cpu.max"), "50000 100000\n");
    assertThat(Cores.within(8, cgroup)).isEqualTo(1);
    Files.writeString(cgroup.resolve("cpu.max"), "nonsense\n");
    assertThat(Cores.within(8, cgroup)).isEqualTo(8);
  }

  @Test
  void readsTheOlderFilesToo(@TempDir Path cgroup) throws IOException {
    Path cpu = Files.createDirectory(cgroup.resolve("cpu"));
    Files.writeString(cpu.resolve("cpu.cfs_period_us"), "100000\n");
    Files.writeString(cpu.resolve("cpu.cfs_quota_us"), "-1\n");
    assertThat(Cores.within(4, cgroup)).isEqualTo(4);
    Files.writeString(cpu.resolve("cpu.cfs_quota_us"), "300000\n");
    assertThat(Cores.within(4, cgroup)).isEqualTo(3);
    assertThat(Cores.within(2, cgroup)).isEqualTo(2);
  }
}
