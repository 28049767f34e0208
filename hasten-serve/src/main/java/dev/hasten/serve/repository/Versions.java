package dev.hasten.serve.repository;

import java.util.Collection;
import java.util.Collections;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;

/**
 * What is known of one model: never changed, but replaced as a whole.
 *
 * @param open versions that answer
 * @param closed versions that do not
 * @param unloaded whether it was asked to be away
 */
record Versions(
    NavigableMap<String, Open> open, NavigableMap<String, Closed> closed, boolean unloaded) {
  /** Why a version is closed that was asked to be away. */
  static final String UNLOADED = "unloaded";

  /**
   * @param tried the files it was opened from, or those that could not be opened in their place
   * @param reason why what is in the folder now is not what answers; empty: it is
   */
  record Open(Slot slot, ModelFiles.Version tried, String reason) {}

  /**
   * @param tried the files that could not be opened, or are being opened
   */
  record Closed(ModelRepository.State state, String reason, ModelFiles.Version tried) {}

  Versions {
    open = copy(open);
    closed = copy(closed);
  }

  private static <V> NavigableMap<String, V> copy(NavigableMap<String, V> versions) {
    NavigableMap<String, V> copy = new TreeMap<>(ModelFiles.BY_NUMBER);
    copy.putAll(versions);
    return Collections.unmodifiableNavigableMap(copy);
  }

  static Versions none() {
    return new Versions(new TreeMap<>(), new TreeMap<>(), false);
  }

  /** Found, but not looked at yet. */
  static Versions waiting(Collection<String> versions, ModelFiles files) {
    NavigableMap<String, Closed> all = new TreeMap<>(ModelFiles.BY_NUMBER);
    for (String version : versions) {
      ModelFiles.Version its = Objects.requireNonNull(files.versions().get(version));
      all.put(version, new Closed(ModelRepository.State.LOADING, "", its));
    }
    return new Versions(new TreeMap<>(), all, false);
  }

  /** As it is once it was asked to be away. */
  Versions away() {
    NavigableMap<String, Closed> all = new TreeMap<>(ModelFiles.BY_NUMBER);
    all.putAll(closed);
    open.forEach((version, its) ->
        all.put(version, new Closed(ModelRepository.State.UNAVAILABLE, UNLOADED, its.tried())));
    return new Versions(new TreeMap<>(), all, true);
  }

  boolean loading() {
    return closed.values().stream()
        .anyMatch(version -> version.state() == ModelRepository.State.LOADING);
  }

  /** For the index, by number. */
  NavigableMap<String, ModelRepository.Entry> entries(String model) {
    NavigableMap<String, ModelRepository.Entry> entries = new TreeMap<>(ModelFiles.BY_NUMBER);
    closed.forEach((version, its) ->
        entries.put(version, new ModelRepository.Entry(model, version, its.state(), its.reason())));
    open.forEach((version, its) ->
        entries.put(
            version,
            new ModelRepository.Entry(model, version, ModelRepository.State.READY, its.reason())));
    return entries;
  }
}
