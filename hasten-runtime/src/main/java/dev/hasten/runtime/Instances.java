package dev.hasten.runtime;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The sessions that a {@link Batcher} runs: never more threads in all than cores given. */
final class Instances implements AutoCloseable {
  private final List<Session> sessions;
  private final int count;

  private Instances(List<Session> sessions, int count) {
    this.sessions = sessions;
    this.count = count;
  }

  /**
   * Runs of one thread need no session of their own: several at once in one session share its
   * weights, in memory and in the processor's cache. Wider ones would share its thread pool, too,
   * and wait for each other.
   */
  static Instances open(Path model, Tuning tuning) {
    int count = tuning.batching().orElse(Batching.defaults()).instances();
    List<Session> sessions = new ArrayList<>();
    Instances instances = new Instances(sessions, count);
    try {
      for (int i = 0; i < (tuning.threads() == 1 ? 1 : count); i++) {
        sessions.add(KnownBackends.named(tuning.backend()).open(model, tuning.sessionOptions()));
      }
      return instances;
    } catch (RuntimeException e) {
      instances.close();
      throw e;
    }
  }

  /** The tuning as far as this process's cores go; what was taken back is told. */
  static Tuning within(int cores, Tuning asked, List<String> warnings) {
    Tuning tuning = asked.within(cores, warnings);
    Batching batching = tuning.batching().orElse(Batching.defaults());
    int most = Math.max(1, cores / tuning.threads());
    if (batching.instances() > most) {
      warnings.add(
          "tuned with %d instances of %d threads, but this process is given %d cores: runs %d"
              .formatted(batching.instances(), tuning.threads(), cores, most));
      batching = batching.withInstances(most);
    }
    return tuning.withBatching(batching);
  }

  int count() {
    return count;
  }

  /** Whether any thread may use the first session whenever a run is free. */
  boolean alike() {
    return sessions.size() == 1;
  }

  Session session(int instance) {
    return sessions.get(instance % sessions.size());
  }

  @Override
  public void close() {
    RuntimeException failure = null;
    for (Session session : sessions) {
      try {
        session.close();
      } catch (RuntimeException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
