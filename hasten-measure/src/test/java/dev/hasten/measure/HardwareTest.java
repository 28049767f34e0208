package dev.hasten.measure;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HardwareTest {
  @TempDir Path root = Path.of(".");

  private Hardware read(String cpuinfo) throws IOException {
    Path proc = Files.createDirectories(root.resolve("proc"));
    Files.writeString(proc.resolve("cpuinfo"), cpuinfo);
    Files.writeString(
        proc.resolve("meminfo"),
        "MemTotal:       16384 kB\nMemFree: 1 kB\nMemAvailable: 9000 kB\n");
    return new HardwareFiles(proc, root.resolve("sys")).read(3);
  }

  private void sys(String file, String content) throws IOException {
    Path path = root.resolve("sys").resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, content);
  }

  @Test
  void readsAProcessorWithVnni() throws IOException {
    sys("devices/system/cpu/cpu0/cache/index0/size", "48K\n");
    sys("devices/system/cpu/cpu0/cache/index0/level", "1\n");
    sys("devices/system/cpu/cpu0/cache/index0/type", "Data\n");
    sys("devices/system/cpu/cpu0/cache/index1/size", "32M\n");
    sys("devices/system/cpu/cpu0/cache/index1/level", "3\n");
    sys("devices/system/cpu/cpu0/cache/index1/type", "Unified\n");
    Hardware hardware =
        read(
            """
            processor\t: 0
            model name\t: Some Processor @ 2.60GHz
            flags\t\t: fpu sse4_1 fma avx2 avx512f avx512_vnni

            processor\t: 1
            model name\t: Some Processor @ 2.60GHz
            flags\t\t: fpu sse4_1 fma avx2 avx512f avx512_vnni
            """);
    assertThat(hardware.processor()).isEqualTo("Some Processor @ 2.60GHz");
    assertThat(hardware.machineCores()).isEqualTo(2);
    assertThat(hardware.cores()).isEqualTo(3);
    assertThat(hardware.summary()).isEqualTo("AVX2, AVX-512, VNNI");
    assertThat(hardware.hasInt8Dot()).isTrue();
    assertThat(hardware.int8Saturates()).isFalse();
    assertThat(hardware.instructionSets()).doesNotContain("fpu");
    assertThat(hardware.memoryBytes()).isEqualTo(16384L * 1024);
    HardwareFiles files = new HardwareFiles(root.resolve("proc"), root.resolve("sys"));
    assertThat(files.available()).isEqualTo(9000L * 1024);
    // What the container may have is less.
    sys("fs/cgroup/memory.max", "4096000\n");
    assertThat(files.available()).isEqualTo(4096000);
    assertThat(hardware.caches())
        .containsExactly(
            new Hardware.Cache(1, "Data", 48 << 10), new Hardware.Cache(3, "Unified", 32 << 20));
  }

  @Test
  void withoutVnniBytesSaturateOnIntelsArchitecture() throws IOException {
    Hardware hardware = read("processor : 0\nflags : avx2 fma\n");
    assertThat(hardware.int8Saturates()).isEqualTo(hardware.architecture().equals("x86_64"));
    assertThat(hardware.processor()).isEqualTo("unknown processor");
  }

  @Test
  void aContainersLimitCounts() throws IOException {
    sys("fs/cgroup/memory.max", "1048576\n");
    assertThat(read("").memoryBytes()).isEqualTo(1048576);
    sys("fs/cgroup/memory.max", "max\n");
    assertThat(read("").memoryBytes()).isEqualTo(16384L * 1024);
  }

  @Test
  void thisMachineHasACore() {
    Hardware here = Hardware.detect();
    assertThat(here.cores()).isPositive();
    assertThat(here.architecture()).isNotEmpty();
    assertThat(HardwareFiles.architecture("amd64")).isEqualTo("x86_64");
  }
}
