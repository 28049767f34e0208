package dev.hasten.runtime;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is deployed: a directory, or a zip of it, with {@code model.onnx}, {@code tokenizer.json}
 * (for text), {@code bundle.json}, and any further files such as the report. Closing deletes what a
 * zip was unpacked to.
 */
public final class Bundle implements AutoCloseable {
  public static final String MODEL = "model.onnx";
  public static final String TOKENIZER = "tokenizer.json";
  public static final String MANIFEST = "bundle.json";

  private Bundle() {}

  /**
   * Opens and verifies.
   *
   * @throws BadInputException naming the file that is missing or whose SHA-256 differs
   */
  public static Bundle open(Path folderOrZip) {
    throw new UnsupportedOperationException();
  }

  /**
   * Writes a bundle that appears whole or not at all. An existing bundle at {@code to} is replaced;
   * any other folder that is not empty is refused.
   *
   * @param to a folder, or a zip if its name ends with {@code .zip}
   * @param files content by name in the bundle; {@code model.onnx} is required, {@code
   *     tokenizer.json} for a text pipeline, whose {@code tokenizer} is set to that name
   */
  public static void write(Path to, BundleManifest manifest, Map<String, Path> files) {
    throw new UnsupportedOperationException();
  }

  public BundleManifest manifest() {
    throw new UnsupportedOperationException();
  }

  /** The folder that holds the files. */
  public Path folder() {
    throw new UnsupportedOperationException();
  }

  public Path model() {
    throw new UnsupportedOperationException();
  }

  public Optional<Path> tokenizer() {
    throw new UnsupportedOperationException();
  }

  public PipelineSpec pipeline() {
    throw new UnsupportedOperationException();
  }

  /** What makes this machine unlike the one it was tuned on. */
  public List<String> warnings() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}
