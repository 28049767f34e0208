package dev.hasten.compress;

import dev.hasten.graph.Model;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Optimization;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
      Model shown = model.copy();
      for (String name : chunk) {
        if (!shown.graph().value(name).isOutput()) {
          shown.graph().addOutput(shown.graph().value(name));
        }
      }
      double done = (double) from / values.size();
      run(shown, chunk, context, technique, done, observer);
    }
  }

  private static void run(
      Model shown,
      List<String> names,
      Context context,
      String technique,
      double done,
      BiConsumer<String, NdArray> observer) {
    int batches = 0;
    Path folder = folder(context);
    try {
      Path file = folder.resolve("model.onnx");
      shown.write(file);
      SessionOptions options = SessionOptions.defaults().withOptimization(Optimization.BASIC);
      try (Session session = Backend.cpu().open(file, options)) {
        for (Map<String, NdArray> batch : context.calibration()) {
          Map<String, NdArray> outputs = session.run(batch);
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
    } finally {
      delete(folder);
    }
    if (batches == 0) {
      throw new BadInputException(
          technique + ": no calibration data (expected: at least one batch of examples)");
    }
  }

  private static Path folder(Context context) {
    try {
      return Files.createTempDirectory(context.scratch(), "calibration");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path folder) {
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      return; // a stray temporary file is no reason to lose the calibration
    }
    try {
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      return;
    }
  }
}
