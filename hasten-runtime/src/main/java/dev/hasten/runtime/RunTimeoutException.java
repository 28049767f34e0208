package dev.hasten.runtime;

import java.time.Duration;

/** A run did not end within its time limit; it was stopped and its result thrown away. */
public final class RunTimeoutException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Duration limit;

  public RunTimeoutException(Duration limit) {
    super("the run did not end within " + limit.toMillis() + " ms and was stopped");
    this.limit = limit;
  }

  /** The limit that was exceeded. */
  public Duration limit() {
    return limit;
  }
}
