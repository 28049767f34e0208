package dev.hasten.measure;

import java.time.Duration;

/**
 * What this machine can do at best, measured through the runtime itself.
 *
 * @param threads with this many threads
 * @param fp32FlopsPerSecond in a large fp32 matrix product (a multiply-add counts two)
 * @param int8OpsPerSecond in a large integer matrix product, unsigned by signed (likewise)
 * @param bytesPerSecond moved to and from main memory
 */
public record Peaks(
    int threads, double fp32FlopsPerSecond, double int8OpsPerSecond, double bytesPerSecond) {
  /** Measures; takes about {@code budget}. */
  public static Peaks measure(int threads, Duration budget) {
    throw new UnsupportedOperationException();
  }
}
