package dev.hasten.compress;

import dev.hasten.graph.Model;
import dev.hasten.graph.Value;
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
   * @return how many examples there were, by the first axis of the model's first input
   * @throws BadInputException if there is no calibration data
   */
  static long observe(
      Model model,
      List<String> values,
      Context context,
      String technique,
      BiConsumer<String, NdArray> observer) {
    long examples = 0;
    for (int from = 0; from < values.size(); from += CHUNK) {
      List<String> chunk = values.subList(from, Math.min(values.size(), from + CHUNK));
      double done = (double) from / values.size();
      examples = run(model, chunk, context, technique, done, observer);
    }
    return examples;
  }

  private static long run(
      Model model,
      List<String> names,
      Context context,
      String technique,
      double done,
      BiConsumer<String, NdArray> observer) {
    int batches = 0;
    long examples = 0;
    List<String> inputs = model.graph().inputs().stream().map(Value::name).toList();
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
        NdArray input = inputs.isEmpty() ? null : batch.get(inputs.getFirst());
        examples += input == null || input.rank() == 0 ? 1 : input.dimension(0);
        context.progress().report(technique + ": calibration batch " + batches, done);
      }
    }
    if (batches == 0) {
      throw new BadInputException(
          technique
              + ": no calibration data (expected: at least one batch of examples;"
              + " on the command line --workload, or --data of hasten quantize)");
    }
    return examples;
  }
}
