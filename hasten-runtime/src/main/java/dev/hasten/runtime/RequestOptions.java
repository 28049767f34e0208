package dev.hasten.runtime;

import java.time.Duration;
import java.util.Optional;

/**
 * What a request asks of a {@link Batcher} beside its answer.
 *
 * @param deadline how long from now its answer is of use: it is refused at once if that cannot be
 *     met, and never run later
 * @param client whom it is for: clients that ask for more than there is get equal shares
 * @param cancellation takes it back while it waits
 * @param callerRuns whether the calling thread may run it if an instance is free, nothing waits and
 *     the run is expected to take less than 0.1 ms, which is about what it takes to wake another
 *     thread and to be woken; its future is then complete when it is returned
 */
public record RequestOptions(
    Optional<Duration> deadline,
    Priority priority,
    String client,
    Optional<Cancellation> cancellation,
    boolean callerRuns) {
  private static final RequestOptions DEFAULTS =
      new RequestOptions(Optional.empty(), Priority.INTERACTIVE, "", Optional.empty(), false);

  public RequestOptions {
    if (deadline.isPresent() && deadline.get().compareTo(Duration.ofDays(365)) > 0) {
      throw new BadInputException("deadline: " + deadline.get() + " (expected: <= 365 days)");
    }
  }

  /**
   * The batcher's own deadline ({@link Batching#deadline}), interactive, the client without a name.
   */
  public static RequestOptions defaults() {
    return DEFAULTS;
  }

  public RequestOptions withDeadline(Duration fromNow) {
    return new RequestOptions(Optional.of(fromNow), priority, client, cancellation, callerRuns);
  }

  public RequestOptions withPriority(Priority level) {
    return new RequestOptions(deadline, level, client, cancellation, callerRuns);
  }

  public RequestOptions withClient(String key) {
    return new RequestOptions(deadline, priority, key, cancellation, callerRuns);
  }

  public RequestOptions withCancellation(Cancellation token) {
    return new RequestOptions(deadline, priority, client, Optional.of(token), callerRuns);
  }

  /**
   * Not for callers that submit again from what depends on the future: they would call themselves
   * without end.
   */
  public RequestOptions withCallerRuns() {
    return new RequestOptions(deadline, priority, client, cancellation, true);
  }
}
