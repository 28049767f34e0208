package dev.hasten.serve.repository;

import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.BatcherOptions;
import java.time.Duration;
import java.util.Optional;

/**
 * How a folder of models is served.
 *
 * @param versions which versions of a model whose configuration does not say
 * @param poll how often the folder is looked through for changes; absent: only when told to load
 * @param batcher how every model runs
 * @param listener told what becomes of the models
 */
public record RepositoryOptions(
    VersionPolicy versions,
    Optional<Duration> poll,
    BatcherOptions batcher,
    RepositoryListener listener) {
  public RepositoryOptions {
    if (poll.isPresent() && !poll.get().isPositive()) {
      throw new BadInputException("poll: " + poll.get() + " (expected: above 0)");
    }
  }

  /** The newest version of each model, looked for every 5 s. */
  public static RepositoryOptions defaults() {
    return new RepositoryOptions(
        VersionPolicy.latest(),
        Optional.of(Duration.ofSeconds(5)),
        BatcherOptions.defaults(),
        RepositoryListener.LOGGING);
  }

  public RepositoryOptions withVersions(VersionPolicy policy) {
    return new RepositoryOptions(policy, poll, batcher, listener);
  }

  public RepositoryOptions withPoll(Duration interval) {
    return new RepositoryOptions(versions, Optional.of(interval), batcher, listener);
  }

  public RepositoryOptions withoutPoll() {
    return new RepositoryOptions(versions, Optional.empty(), batcher, listener);
  }

  public RepositoryOptions withBatcher(BatcherOptions how) {
    return new RepositoryOptions(versions, poll, how, listener);
  }

  public RepositoryOptions withListener(RepositoryListener told) {
    return new RepositoryOptions(versions, poll, batcher, told);
  }
}
