package dev.hasten.runtime;

import java.time.Duration;

/** A request's deadline passed before its turn came; it was not run. */
public final class DeadlineExceededException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Duration deadline;

  public DeadlineExceededException(Duration deadline) {
    // No stack trace: under overload these are the rule.
    super(
        "the request's deadline of " + deadline.toMillis() + " ms passed before its turn came",
        null,
        false,
        false);
    this.deadline = deadline;
  }

  /** How long the request had. */
  public Duration deadline() {
    return deadline;
  }
}
