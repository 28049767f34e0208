package dev.hasten.measure;

import dev.hasten.graph.Model;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.EnvironmentException;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Optimization;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A model run so that chosen inner values can be seen. The runtime fuses nothing across them, so
 * what is seen is what the file says; it is slower than the model itself.
 */
public final class InnerValues implements AutoCloseable {
  private final Path folder;
  private final Session session;

  private InnerValues(Path folder, Session session) {
    this.folder = folder;
    this.session = session;
  }

  /**
   * Opens a copy of the model, in a temporary file, that gives these values besides its outputs.
   *
   * @param names of values of the main graph
   * @param scratch an existing folder for the file
   * @throws dev.hasten.graph.ModelException if there is no value of that name
   */
  public static InnerValues open(Model model, List<String> names, Path scratch) {
    Model shown = model.copy();
    for (String name : names) {
      if (!shown.graph().value(name).isOutput()) {
        shown.graph().addOutput(shown.graph().value(name));
      }
    }
    Path folder = null;
    try {
      folder = Files.createTempDirectory(scratch, "inner");
      Path file = folder.resolve("model.onnx");
      shown.write(file);
      SessionOptions options = SessionOptions.defaults().withOptimization(Optimization.BASIC);
      return new InnerValues(folder, Backend.cpu().open(file, options));
    } catch (IOException e) {
      throw new EnvironmentException(scratch + ": a temporary model cannot be written: " + e, e);
    } catch (RuntimeException e) {
      if (folder != null) {
        delete(folder);
      }
      throw e;
    }
  }

  /** Every output and chosen value of one run, by name. */
  public Map<String, NdArray> run(Map<String, NdArray> inputs) {
    return session.run(inputs);
  }

  @Override
  public void close() {
    session.close();
    delete(folder);
  }

  private static void delete(Path folder) {
    try {
      try (var files = Files.list(folder)) {
        for (Path file : files.toList()) {
          Files.deleteIfExists(file);
        }
      }
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      // A stray temporary file is no reason to lose what was measured.
      return;
    }
  }
}
