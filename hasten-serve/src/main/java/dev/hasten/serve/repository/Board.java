package dev.hasten.serve.repository;

import dev.hasten.serve.protocol.ProtocolException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What every model is at the moment, for those who use them. Read by everybody, written by whoever
 * changes models, one at a time.
 */
final class Board {
  private final Map<String, Versions> models = new ConcurrentHashMap<>();
  private final Map<String, ModelRepository.Loads> loads = new ConcurrentHashMap<>();

  /**
   * Without which the server is not ready: those found at the start, and those that have answered.
   * A model that is added later and never worked does not take the server out of service.
   */
  private final Set<String> required = ConcurrentHashMap.newKeySet();

  /** A version that lets nobody in any more, and answers its last requests. */
  private record Leaving(String model, String version, Slot slot) {}

  private final Set<Leaving> leaving = ConcurrentHashMap.newKeySet();

  /** Retires a version that is in the map no more; it is listed until it is closed. */
  void retire(String model, String version, Slot slot) {
    Leaving its = new Leaving(model, version, slot);
    leaving.add(its);
    slot.closed().thenRun(() -> leaving.remove(its));
    slot.retire();
  }

  void retireAll(String model, Versions versions) {
    versions.open().forEach((version, its) -> retire(model, version, its.slot()));
  }

  void require(String model) {
    required.add(model);
  }

  Versions get(String model) {
    return models.getOrDefault(model, Versions.none());
  }

  boolean knows(String model) {
    return models.containsKey(model);
  }

  List<String> names() {
    return List.copyOf(models.keySet());
  }

  void put(String model, Versions versions) {
    models.put(model, versions);
    if (!versions.open().isEmpty()) {
      required.add(model);
    }
  }

  /** It is asked for no more, and its numbers go. */
  void forget(String model) {
    required.remove(model);
    loads.remove(model);
  }

  void remove(String model) {
    models.remove(model);
    forget(model);
  }

  void count(String model, boolean opened) {
    Optional<Instant> failure = opened ? Optional.empty() : Optional.of(Instant.now());
    loads.merge(
        model,
        new ModelRepository.Loads(model, opened ? 1 : 0, opened ? 0 : 1, failure),
        (a, b) ->
            new ModelRepository.Loads(
                model,
                a.opened() + b.opened(),
                a.failed() + b.failed(),
                b.lastFailure().or(a::lastFailure)));
  }

  List<ModelRepository.Loads> loads() {
    return List.copyOf(new TreeMap<>(loads).values());
  }

  List<ModelRepository.Entry> index() {
    NavigableMap<String, NavigableMap<String, ModelRepository.Entry>> entries = new TreeMap<>();
    models.forEach((name, versions) -> entries.put(name, versions.entries(name)));
    for (Leaving its : leaving) {
      entries
          .computeIfAbsent(its.model(), name -> new TreeMap<>(ModelFiles.BY_NUMBER))
          .merge(
              its.version(),
              new ModelRepository.Entry(
                  its.model(), its.version(), ModelRepository.State.UNLOADING, ""),
              // Its successor under the same number is what counts.
              (is, was) -> is.state() == ModelRepository.State.UNAVAILABLE ? was : is);
    }
    return entries.values().stream().flatMap(versions -> versions.values().stream()).toList();
  }

  boolean ready() {
    return required.stream().noneMatch(name -> get(name).open().isEmpty());
  }

  ModelRepository.Lease lease(String model, String version) {
    while (true) {
      Versions versions = models.get(model);
      if (versions == null || versions.unloaded()) {
        throw ProtocolException.notFound(
            "no model '%s' (known: %s)".formatted(model, new TreeMap<>(models).keySet()));
      }
      Versions.@Nullable Open open =
          version.isEmpty()
              ? versions.open().isEmpty() ? null : versions.open().lastEntry().getValue()
              : version.matches(VersionPolicy.NUMBER) ? versions.open().get(version) : null;
      if (open == null) {
        throw unavailable(model, version, versions);
      }
      ModelRepository.Lease lease = open.slot().lease();
      if (lease != null) {
        return lease;
      }
      // Exchanged in between: its successor is in the map by now, or the model is gone.
      Thread.onSpinWait();
    }
  }

  private static ProtocolException unavailable(String model, String version, Versions versions) {
    if (!version.isEmpty() && !versions.closed().containsKey(version)) {
      return ProtocolException.notFound(
          "model '%s' has no version '%s' (known: %s)"
              .formatted(model, version, versions.open().keySet()));
    }
    Map<String, String> reasons = new TreeMap<>(ModelFiles.BY_NUMBER);
    versions.closed().forEach((number, its) -> reasons.put(number, its.reason()));
    String message = "model '%s' is not available: %s".formatted(model, reasons);
    return versions.loading()
        ? ProtocolException.unavailable(
            "model '%s' is being loaded".formatted(model), Optional.of(Duration.ofSeconds(1)))
        : ProtocolException.unavailable(message, Optional.empty());
  }
}
