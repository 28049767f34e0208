package dev.hasten.serve.repository;

import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Told what becomes of a repository's models. Called by one thread at a time. */
public interface RepositoryListener {
  /** Writes to the log. */
  RepositoryListener LOGGING =
      new RepositoryListener() {
        private final Logger log = LoggerFactory.getLogger(ModelRepository.class);

        @Override
        public void ready(String model, String version, Duration took, List<String> warnings) {
          log.info("{} version {}: ready after {} ms", model, version, took.toMillis());
          warnings.forEach(warning -> log.warn("{} version {}: {}", model, version, warning));
        }

        @Override
        public void failed(String model, String version, String reason, boolean oldServes) {
          log.error(
              "{} version {}: {}{}",
              model,
              version,
              reason,
              oldServes ? " (what was open goes on answering)" : "");
        }

        @Override
        public void closed(String model, String version, String reason) {
          log.info("{} version {}: closed: {}", model, version, reason);
        }

        @Override
        public void unreadable(String reason) {
          log.error("{} (what is open goes on answering)", reason);
        }
      };

  /**
   * A version was opened and warmed up, and answers from now on.
   *
   * @param warnings what was not taken of its settings, what may make it slower here
   */
  void ready(String model, String version, Duration took, List<String> warnings);

  /**
   * A version could not be opened, or did not survive its warm-up.
   *
   * @param oldServes whether the model goes on answering by what was open before
   */
  void failed(String model, String version, String reason, boolean oldServes);

  /** A version takes no more requests; those in flight are still answered. */
  void closed(String model, String version, String reason);

  /** The repository's folder cannot be looked through. */
  void unreadable(String reason);
}
