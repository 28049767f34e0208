package dev.hasten.serve.repository;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The models of a server, by name and version. Thread-safe.
 *
 * <p>Whoever uses a model holds a {@link Lease} on it: a version that is exchanged for a newer one
 * is closed when the last lease is given back, so no request fails for it.
 */
public interface ModelRepository extends AutoCloseable {
  /** A version that is known. */
  record Entry(String model, String version, State state, String reason) {}

  /**
   * How often versions of a model were opened since the start, and how often that failed.
   *
   * @param lastFailure empty: never
   */
  record Loads(String model, long opened, long failed, Optional<Instant> lastFailure) {}

  /** Whether a version answers; the protocol's words. */
  enum State {
    READY,
    LOADING,
    UNLOADING,
    UNAVAILABLE
  }

  /** A model that stays open until this is closed. A second close does nothing. */
  interface Lease extends AutoCloseable {
    ServedModel model();

    @Override
    void close();
  }

  /** Every version known, ready or not, by name and version. */
  List<Entry> index();

  /** For metrics, by name; of models that were unloaded or removed there is nothing. */
  default List<Loads> loads() {
    return List.of();
  }

  /**
   * A version that is ready.
   *
   * @param version empty: the newest
   * @throws dev.hasten.serve.protocol.ProtocolException if there is none
   */
  Lease lease(String model, String version);

  /**
   * Brings a model to what its folder has now: opens and warms up what is new or has changed, and
   * then lets go of what it replaces.
   *
   * @throws dev.hasten.serve.protocol.ProtocolException if it is not in the repository or a version
   *     cannot be opened; what was open then stays open
   */
  void load(String model);

  /**
   * Lets go of a model: requests in flight are answered, later ones refused.
   *
   * @throws dev.hasten.serve.protocol.ProtocolException if it is not open
   */
  void unload(String model);

  /** Whether the models were loaded, and each of them still answers. */
  boolean ready();

  /** Closes all; requests in flight are answered. */
  @Override
  void close();
}
