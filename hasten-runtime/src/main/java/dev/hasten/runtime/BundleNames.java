package dev.hasten.runtime;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;

/** Names of files within a bundle: relative, with forward slashes, never leading out of it. */
final class BundleNames {
  private BundleNames() {}

  /**
   * The file's place below {@code folder}.
   *
   * @param where what holds the name, for messages
   * @throws BadInputException if the name could lead out of the folder
   */
  static Path resolve(Path folder, String name, String where) {
    boolean plain =
        !name.isEmpty()
            && name.indexOf('\\') < 0
            && name.indexOf(':') < 0
            && name.indexOf('\0') < 0
            && Arrays.stream(name.split("/", -1))
                .noneMatch(part -> part.isEmpty() || part.equals(".") || part.equals(".."));
    if (plain) {
      try {
        Path place = folder.resolve(name).normalize();
        if (place.startsWith(folder.normalize())) {
          return place;
        }
      } catch (InvalidPathException e) {
        // Told below, with the name.
      }
    }
    throw new BadInputException(
        where
            + ": file name "
            + name
            + " leads out of the bundle (expected: a relative path without ..)");
  }
}
