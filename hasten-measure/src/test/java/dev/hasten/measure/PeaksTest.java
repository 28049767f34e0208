package dev.hasten.measure;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PeaksTest {
  @Test
  void measuresThisMachine() {
    Peaks peaks = Peaks.measure(1, Duration.ofMillis(600));
    // No machine that runs this does less than a Gflop/s or copies less than 200 MB/s.
    assertThat(peaks.fp32FlopsPerSecond()).isBetween(1e9, 1e13);
    assertThat(peaks.int8OpsPerSecond()).isBetween(1e9, 1e14);
    assertThat(peaks.bytesPerSecond()).isBetween(2e8, 1e12);
  }
}
