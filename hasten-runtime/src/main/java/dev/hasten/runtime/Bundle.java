package dev.hasten.runtime;

import java.io.IOException;
import java.nio.file.Files;
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

  /** The characters of a pipeline that decodes texts. */
  public static final String CHARACTERS = "characters.txt";

  public static final String MANIFEST = "bundle.json";

  private final BundleManifest manifest;
  private final Path folder;
  private final boolean temporary;

  Bundle(BundleManifest manifest, Path folder, boolean temporary) {
    this.manifest = manifest;
    this.folder = folder;
    this.temporary = temporary;
  }

  /**
   * Opens and verifies.
   *
   * @throws BadInputException naming the file that is missing or whose SHA-256 differs
   */
  public static Bundle open(Path folderOrZip) {
    return BundleReader.open(folderOrZip);
  }

  /**
   * Writes a bundle that appears whole or not at all. An existing bundle at {@code to} is replaced;
   * any other file, and any other folder that is not empty, is refused.
   *
   * @param to a folder, or a zip if its name ends with {@code .zip}
   * @param files content by name in the bundle; {@code model.onnx} is required, as are those that
   *     the pipeline needs ({@link PipelineSpec#files}): {@code tokenizer.json} for texts
   * @throws BadInputException if a file is missing or a name leads out of the bundle
   * @throws EnvironmentException if it cannot be written
   */
  public static void write(Path to, BundleManifest manifest, Map<String, Path> files) {
    BundleWriter.write(to, manifest, files);
  }

  /**
   * Gives a bundle other settings, measured on this machine: its {@code bundle.json} is replaced in
   * one step, the model, what was promised and all other files stay as they are.
   *
   * @param reports files to put beside, by name; one of that name that is not part of the bundle is
   *     replaced
   * @throws BadInputException if the bundle is damaged, or a report has the name of a part of it
   * @throws EnvironmentException if it cannot be written
   */
  public static void retune(Path folderOrZip, Tuning tuning, Map<String, Path> reports) {
    BundleWriter.retune(folderOrZip, tuning, reports);
  }

  public BundleManifest manifest() {
    return manifest;
  }

  /** The folder that holds the files. */
  public Path folder() {
    return folder;
  }

  public Path model() {
    return folder.resolve(MODEL);
  }

  /** The tokenizer of a text pipeline. */
  public Optional<Path> tokenizer() {
    return manifest.files().containsKey(TOKENIZER)
        ? Optional.of(folder.resolve(TOKENIZER))
        : Optional.empty();
  }

  public PipelineSpec pipeline() {
    return manifest.pipeline();
  }

  /** What makes this machine unlike the one it was tuned on. */
  public List<String> warnings() {
    return manifest.tunedOn().map(tuned -> tuned.differencesTo(TunedOn.here())).orElse(List.of());
  }

  @Override
  public void close() {
    if (temporary) {
      try {
        Folders.delete(folder);
      } catch (IOException e) {
        // A stray temporary folder harms nobody; where an open model locks its file, the operating
        // system clears it later.
        folder.toFile().deleteOnExit();
      }
    }
  }

  /** Whether there is a bundle in this folder, whole or not. */
  static boolean isBundle(Path folder) {
    return Files.isRegularFile(folder.resolve(MANIFEST));
  }
}
