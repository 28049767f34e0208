package dev.hasten.measure;

import dev.hasten.runtime.NdArray;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * What a model costs as a process of its own: measured in a child JVM that loads it and runs it.
 *
 * @param peakBytes highest resident memory of the process (VmHWM): JVM, runtime and model
 * @param modelBytes the part of it that came after the JVM and the runtime's library had started:
 *     weights, prepacked copies and arenas
 * @param load time from the call that opens the model to the open session
 * @param firstAnswer time from the start of the process to the first answer
 * @param fileBytes size of the model's file, external data included
 */
public record ProcessCost(
    long peakBytes, long modelBytes, Duration load, Duration firstAnswer, long fileBytes) {
  /**
   * Measures {@code model} in a child of this JVM's own executable and class path.
   *
   * @param inputs the batches to run, one after the other
   * @param threads intra-operator threads
   */
  public static ProcessCost measure(Path model, List<Map<String, NdArray>> inputs, int threads) {
    throw new UnsupportedOperationException();
  }
}
