package dev.hasten.bench;

import dev.hasten.compress.Context;
import dev.hasten.compress.Step;
import dev.hasten.graph.Model;
import dev.hasten.measure.Hardware;
import dev.hasten.runtime.NdArray;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * The peak memory of a calibration of static-int8 over a number of examples of varying width, which
 * are made one by one. One number of examples a process: the kernel's peak never falls.
 *
 * <pre>{@code
 * for n in 32 256 2048; do bench/run.sh CalibrationMemory MODEL.onnx entropy $n; done
 * }</pre>
 */
public final class CalibrationMemory {
  private CalibrationMemory() {}

  /**
   * @param args model with one input {@code [n, 3, 48, w]}, rule, number of examples
   */
  public static void main(String[] args) throws Exception {
    int count = Integer.parseInt(args[2]);
    Context context = Context.of(Hardware.detect());
    Model model = Step.of("simplify").create().apply(Model.read(Path.of(args[0])), context).model();
    String input = model.graph().inputs().getFirst().name();
    Iterable<Map<String, NdArray>> examples = () -> examples(input, count);
    long start = System.nanoTime();
    int changes =
        Step.of("static-int8", "calibrate", args[1])
            .create()
            .apply(model, context.withCalibration(examples))
            .changes()
            .size();
    System.out.printf(
        "| %s | %d | %d changes | %.0f MiB | %.1f s |%n",
        args[1], count, changes, peakKib() / 1024.0, (System.nanoTime() - start) / 1e9);
  }

  private static Iterator<Map<String, NdArray>> examples(String input, int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> {
          Random random = new Random(i);
          int width = 32 * (2 + random.nextInt(4));
          float[] pixels = new float[3 * 48 * width];
          for (int k = 0; k < pixels.length; k++) {
            pixels[k] = random.nextFloat() * 2 - 1;
          }
          return Map.of(input, NdArray.floats(pixels, 1, 3, 48, width));
        })
        .iterator();
  }

  private static long peakKib() throws Exception {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmHWM")) {
        return Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    return 0;
  }
}
