package dev.hasten.serve.repository;

import java.nio.file.Path;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A model's files as they were at one moment. Two that are equal are taken for the same content.
 *
 * @param versions by number, the oldest first
 * @param problem why they could not be found
 */
record ModelFiles(NavigableMap<String, Version> versions, Optional<String> problem) {
  static final Comparator<String> BY_NUMBER = Comparator.comparingLong(Long::parseLong);

  ModelFiles {
    NavigableMap<String, Version> copy = new TreeMap<>(BY_NUMBER);
    copy.putAll(versions);
    versions = Collections.unmodifiableNavigableMap(copy);
  }

  /**
   * @param path a bundle's folder or zip, or a folder with a plain model
   * @param home the model's folder, which may have a configuration
   * @param files everything in both
   * @param problem why it must not be opened
   */
  record Version(Path path, Path home, List<Stamp> files, Optional<String> problem) {
    Version {
      files = List.copyOf(files);
    }
  }

  /**
   * @param modified in nanoseconds since 1970, as exact as the file system knows
   */
  record Stamp(String name, long bytes, long modified) {}
}
