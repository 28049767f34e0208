package dev.hasten.study;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** What a killed process was writing: hidden files and folders, named {@code .NAME.….tmp}. */
final class Leftovers {
  private Leftovers() {}

  /** Removes all below a folder that nobody else writes to. */
  static void sweep(Path folder) throws IOException {
    for (Path left : find(folder, Integer.MAX_VALUE, ".")) {
      delete(left);
    }
  }

  /** Removes those of one file or folder beside it, unless they are younger than this process. */
  static void sweepBeside(Path target) throws IOException {
    Path absolute = target.toAbsolutePath();
    Path parent = absolute.getParent();
    if (parent == null) {
      return;
    }
    Instant start = ProcessHandle.current().info().startInstant().orElse(Instant.MIN);
    for (Path left : find(parent, 1, "." + absolute.getFileName() + ".")) {
      if (Files.getLastModifiedTime(left).toInstant().isBefore(start)) {
        delete(left);
      }
    }
  }

  private static List<Path> find(Path folder, int depth, String prefix) throws IOException {
    try (Stream<Path> files = Files.walk(folder, depth)) {
      return files
          .filter(file -> {
            String name = String.valueOf(file.getFileName());
            return name.startsWith(prefix) && name.endsWith(".tmp");
          })
          .toList();
    }
  }

  private static void delete(Path left) throws IOException {
    if (Files.notExists(left)) {
      return;
    }
    List<Path> files;
    try (Stream<Path> walk = Files.walk(left)) {
      files = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : files) {
      Files.delete(file);
    }
  }
}
