package dev.hasten.compress;

import dev.hasten.graph.Model;
import dev.hasten.measure.Hardware;
import dev.hasten.runtime.NdArray;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a technique may know besides the model.
 *
 * @param calibration encoded batches, by the names of the model's inputs; may be walked several
 *     times, and is never held in memory as a whole; empty where there is none
 * @param hardware the processor to be fast on
 * @param seed for everything random
 * @param scratch an existing folder for temporary files
 * @param progress told how far the work is
 * @param reference the model as it was before a recipe began to quantize it; null until then
 */
public record Context(
    Iterable<Map<String, NdArray>> calibration,
    Hardware hardware,
    long seed,
    Path scratch,
    Progress progress,
    @Nullable Model reference) {

  /** Hears how far a technique is. */
  @FunctionalInterface
  public interface Progress {
    /** Hears nothing. */
    Progress SILENT = (what, fraction) -> {};

    /**
     * Called now and then, from the thread that called {@link Technique#apply}.
     *
     * @param what the technique and what it is doing, or a warning
     * @param fraction done, 0 to 1
     */
    void report(String what, double fraction);
  }

  /** A context for this hardware without calibration data; files go to the JVM's temp folder. */
  public static Context of(Hardware hardware) {
    return new Context(
        List.of(),
        hardware,
        42,
        Path.of(System.getProperty("java.io.tmpdir")),
        Progress.SILENT,
        null);
  }

  /** The same with calibration data. */
  public Context withCalibration(Iterable<Map<String, NdArray>> batches) {
    return new Context(batches, hardware, seed, scratch, progress, reference);
  }

  /** The same with another seed. */
  public Context withSeed(long newSeed) {
    return new Context(calibration, hardware, newSeed, scratch, progress, reference);
  }

  /** The same with another folder for temporary files. */
  public Context withScratch(Path folder) {
    return new Context(calibration, hardware, seed, folder, progress, reference);
  }

  /** The same with a listener. */
  public Context withProgress(Progress listener) {
    return new Context(calibration, hardware, seed, scratch, listener, reference);
  }

  /** The same, remembering the model before it was quantized. */
  public Context withReference(Model model) {
    return new Context(calibration, hardware, seed, scratch, progress, model);
  }
}
