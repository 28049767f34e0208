package dev.hasten.runtime;

import java.util.List;

/** What a free instance should do. */
sealed interface Decision<P> {
  /**
   * Run these now.
   *
   * @param rows of all
   * @param length of the longest
   * @param expectedEnd on the scheduler's clock
   * @param yields whether it may be stopped for interactive requests ({@link Scheduler#yielding})
   */
  record Run<P>(List<Waiting<P>> requests, int rows, int length, long expectedEnd, boolean yields)
      implements Decision<P> {
    public Run {
      requests = List.copyOf(requests);
    }
  }

  /** Nothing waits. */
  record Idle<P>() implements Decision<P> {}

  /** What waits is held back until then: only with {@link BatchPolicy.Fixed}. */
  record Hold<P>(long until) implements Decision<P> {}
}
