package dev.hasten.cli;

import dev.hasten.graph.Model;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.Optimization;
import dev.hasten.runtime.SessionOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** Writes a model only if the runtime takes it: a file that cannot be loaded helps nobody. */
final class CheckedWrite {
  private static final SessionOptions PLAIN =
      SessionOptions.defaults().withOptimization(Optimization.NONE);

  private CheckedWrite() {}

  /**
   * Writes {@code model} and its external data, each file whole or not at all.
   *
   * @param original the file that it was made from, to tell whose fault it is
   * @return the files written, the model first
   * @throws BadInputException if the runtime takes neither the original nor the result
   */
  static List<Path> write(Model model, Path original, Path target) throws IOException {
    Path folder = target.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new BadInputException(
          target + ": its folder " + folder + " is not there (expected: an existing folder)");
    }
    if (Files.isDirectory(target)) {
      throw new BadInputException(target + ": a folder (expected: a file's name)");
    }
    Path staging;
    try {
      staging = Files.createTempDirectory(folder, ".hasten-apply");
    } catch (FileSystemException e) {
      // Of the file that was asked for, not of ours.
      throw new FileSystemException(target.toString(), null, e.getReason());
    }
    try {
      Path staged = staging.resolve(target.getFileName());
      List<Path> written;
      try {
        written = model.write(staged);
      } catch (UncheckedIOException e) {
        String message =
            String.valueOf(e.getMessage()).replace(staged.toString(), target.toString());
        throw new UncheckedIOException(message, Objects.requireNonNull(e.getCause()));
      }
      check(original, staged);
      // The data first: a model never refers to a file that is not there yet.
      for (Path file : files(staging)) {
        if (!file.equals(staged)) {
          move(file, folder);
        }
      }
      move(staged, folder);
      return written.stream().map(file -> target.resolveSibling(file.getFileName())).toList();
    } finally {
      for (Path file : files(staging)) {
        Files.delete(file);
      }
      Files.delete(staging);
    }
  }

  private static void check(Path original, Path staged) {
    try {
      Backend.cpu().open(staged, PLAIN).close();
    } catch (BadInputException e) {
      try {
        Backend.cpu().open(original, PLAIN).close();
      } catch (BadInputException ofOriginal) {
        throw new BadInputException(ofOriginal.getMessage() + " Nothing was written.", ofOriginal);
      }
      throw new IllegalStateException(
          original
              + ": the recipe made a model that the runtime refuses; nothing was written. This"
              + " is a fault of Hasten: "
              + e.getMessage(),
          e);
    }
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  private static void move(Path file, Path folder) throws IOException {
    Files.move(
        file,
        folder.resolve(file.getFileName()),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }
}
