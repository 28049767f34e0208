package dev.hasten.study.tune;

import dev.hasten.runtime.BatchPolicy;
import java.util.Locale;

/**
 * One way to run a model.
 *
 * @param instances runs at once
 * @param threads of each
 * @param maxBatch most examples in a run
 */
public record Setting(int instances, int threads, int maxBatch, BatchPolicy policy) {
  /** For people: {@code 2 × 1 threads, adaptive up to 32}. */
  public String text() {
    return "%d × %d %s, %s"
        .formatted(instances, threads, threads == 1 ? "thread" : "threads", policyText());
  }

  /** For people: {@code adaptive up to 32}, {@code 8 within 5 ms}. */
  public String policyText() {
    return switch (policy) {
      case BatchPolicy.Adaptive a -> maxBatch == 1 ? "one at a time" : "adaptive up to " + maxBatch;
      case BatchPolicy.Fixed(int size, var delay) ->
          size == 1
              ? "one at a time, first come first served"
              : String.format(Locale.ROOT, "%d within %.3g ms", size, delay.toNanos() / 1e6);
    };
  }
}
