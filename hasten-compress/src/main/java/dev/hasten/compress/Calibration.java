package dev.hasten.compress;

import dev.hasten.graph.Model;
import dev.hasten.measure.InnerValues;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.NdArray;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * Runs a model over the calibration data and shows its inner values, batch by batch: nothing is
 * kept, so memory does not grow with the data.
 */
final class Calibration {
  /** Inner values shown per run: bounds the memory that one batch takes. */
  private static final int CHUNK = 32;

  private Calibration() {}

  /**
   * @param values names of values of the main graph
   * @param observer hears name and content, per batch
   * @throws BadInputException if there is no calibration data
   */
  static void observe(
      Model model,
      List<String> values,
      Context context,
      String technique,
      BiConsumer<String, NdArray> observer) {
    for (int from = 0; from < values.size(); from += CHUNK) {
      List<String> chunk = values.subList(from, Math.min(values.size(), from + CHUNK));
      double done = (double) from / values.size();
      run(model, chunk, context, technique, done, observer);
    }
  }

  private static void run(
      Model model,
      List<String> names,
      Context context,
      String technique,
      double done,
      BiConsumer<String, NdArray> observer) {
    int batches = 0;
    try (InnerValues inner = InnerValues.open(model, names, context.scratch())) {
      for (Map<String, NdArray> batch : context.calibration()) {
        Map<String, NdArray> outputs = inner.run(batch);
        for (String name : names) {
          NdArray value = outputs.get(name);
          if (value == null) {
            throw new IllegalStateException("the runtime did not return '" + name + "'");
          }
          observer.accept(name, value);
        }
        batches++;
        context.progress().report(technique + ": calibration batch " + batches, done);
      }
    }
    if (batches == 0) {
      throw new BadInputException(
          technique + ": no calibration data (expected: at least one batch of examples)");
    }
  }
}
