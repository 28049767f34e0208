package dev.hasten.serve.repository;

import dev.hasten.serve.repository.ModelRepository.State;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Brings one model to what its folder has. What did not change stays open; what is new is opened
 * and warmed up, then it answers, then what it replaces lets go of its last requests. What cannot
 * be opened leaves the old one answering.
 */
final class ModelUpdate {
  private static final ModelFiles.Version NOTHING =
      new ModelFiles.Version(Path.of(""), Path.of(""), List.of(), Optional.empty());

  private final String name;
  private final ModelFiles found;
  private final Board board;
  private final ModelOpener opener;
  private final RepositoryListener listener;
  private final BooleanSupplier cancelled;
  private final NavigableMap<String, Versions.Open> open = new TreeMap<>(ModelFiles.BY_NUMBER);
  private final NavigableMap<String, Versions.Closed> closed = new TreeMap<>(ModelFiles.BY_NUMBER);
  private final List<String> failures = new ArrayList<>();

  ModelUpdate(
      String name,
      ModelFiles found,
      Board board,
      ModelOpener opener,
      RepositoryListener listener,
      BooleanSupplier cancelled) {
    this.name = name;
    this.found = found;
    this.board = board;
    this.opener = opener;
    this.listener = listener;
    this.cancelled = cancelled;
  }

  /**
   * @param again whether what could not be opened is tried again though it did not change
   * @return why some could not be opened
   */
  List<String> run(VersionPolicy policy, boolean again) {
    Versions before = board.get(name);
    open.putAll(before.open());
    List<String> candidates = policy.candidates(found.versions().keySet());
    if (candidates.isEmpty()) {
      noVersion();
      return failures;
    }
    Set<String> kept = new HashSet<>();
    for (String version : candidates) {
      if (kept.size() >= policy.most() || cancelled.getAsBoolean()) {
        break;
      }
      ModelFiles.Version files = Objects.requireNonNull(found.versions().get(version));
      Versions.@Nullable Closed failed = before.closed().get(version);
      if (isOpen(version, files, again)) {
        kept.add(version);
      } else if (!again && failed != null && isBroken(failed, files)) {
        closed.put(version, failed);
      } else if (open(version, files)) {
        kept.add(version);
      }
    }
    if (!cancelled.getAsBoolean()) {
      letGo(kept);
    }
    return failures;
  }

  private boolean isOpen(String version, ModelFiles.Version files, boolean again) {
    Versions.@Nullable Open has = open.get(version);
    return has != null && has.tried().equals(files) && (has.reason().isEmpty() || !again);
  }

  private static boolean isBroken(Versions.Closed closed, ModelFiles.Version files) {
    return closed.state() == State.UNAVAILABLE
        && !closed.reason().equals(Versions.UNLOADED)
        && closed.tried().equals(files);
  }

  /** Whether a version answers afterwards, be it by its old content. */
  private boolean open(String version, ModelFiles.Version files) {
    Versions.@Nullable Open has = open.get(version);
    if (has == null) {
      closed.put(version, new Versions.Closed(State.LOADING, "", files));
      publish();
    }
    long start = System.nanoTime();
    Slot slot;
    try {
      slot = opener.open(name, version, files);
    } catch (RuntimeException | OutOfMemoryError e) {
      String reason = String.valueOf(e.getMessage());
      if (has != null) {
        open.put(
            version,
            new Versions.Open(has.slot(), files, "changed, but cannot be opened: " + reason));
      } else {
        closed.put(version, new Versions.Closed(State.UNAVAILABLE, reason, files));
      }
      failed(version, reason, open.size());
      return has != null;
    }
    closed.remove(version);
    open.put(version, new Versions.Open(slot, files, ""));
    publish();
    if (has != null) {
      board.retire(name, version, has.slot());
    }
    board.count(name, true);
    listener.ready(
        name, version, Duration.ofNanos(System.nanoTime() - start), slot.model().warnings());
    return true;
  }

  private void failed(String version, String reason, int answering) {
    publish();
    failures.add(version + ": " + reason);
    board.count(name, false);
    listener.failed(name, version, reason, answering > 0);
  }

  /** Versions that are not wanted any more, unless nothing would be left of the model. */
  private void letGo(Set<String> kept) {
    if (kept.isEmpty() && !closed.isEmpty()) {
      open.replaceAll((version, its) ->
          new Versions.Open(its.slot(), its.tried(), "kept, as no other version can be opened"));
      publish();
      return;
    }
    Map<String, Versions.Open> gone = new TreeMap<>(open);
    gone.keySet().removeAll(kept);
    open.keySet().removeAll(gone.keySet());
    publish();
    close(gone, kept);
  }

  private void close(Map<String, Versions.Open> gone, Set<String> kept) {
    gone.forEach((version, its) -> {
      board.retire(name, version, its.slot());
      listener.closed(
          name,
          version,
          found.versions().containsKey(version)
              ? "version " + String.join(", ", kept) + " answers"
              : "removed from the repository");
    });
  }

  private void noVersion() {
    String reason =
        found
            .problem()
            .orElse(
                found.versions().isEmpty()
                    ? "no version in it (expected: a bundle, or folders named 1, 2 and so on)"
                    : "none of the versions " + found.versions().keySet() + " is to be served");
    boolean removed = found.problem().isEmpty() && !open.isEmpty();
    if (open.isEmpty() || removed) {
      closed.put("1", new Versions.Closed(State.UNAVAILABLE, reason, NOTHING));
    }
    Map<String, Versions.Open> gone = removed ? new TreeMap<>(open) : Map.of();
    if (removed) {
      open.clear();
    }
    failed("1", reason, open.size());
    if (removed) {
      board.forget(name);
    }
    close(gone, Set.of());
  }

  private void publish() {
    board.put(name, new Versions(open, closed, false));
  }
}
