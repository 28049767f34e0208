package dev.hasten.runtime;

import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;

/** A request that a {@link Batcher} did not take. */
public final class RejectedRequestException extends RejectedExecutionException {
  private static final long serialVersionUID = 1L;

  /** Why. */
  public enum Reason {
    /** It would have been answered after its deadline. */
    TOO_LATE,
    /** Too many requests wait, of all clients or of this one. */
    QUEUE_FULL,
    /** It alone needs more memory than there may be used; no later try will do. */
    TOO_LARGE,
    /** The batcher drains or is closed. */
    CLOSED
  }

  private final Reason reason;
  private final Duration retryAfter;

  public RejectedRequestException(Reason reason, Duration retryAfter, String message) {
    super(message);
    this.reason = reason;
    this.retryAfter = retryAfter;
  }

  /** None: under overload refusals are the rule, and each trace would cost more than refusing. */
  @Override
  public Throwable fillInStackTrace() {
    return this;
  }

  public Reason reason() {
    return reason;
  }

  /** When it may be worth trying again; zero where it is not. */
  public Duration retryAfter() {
    return retryAfter;
  }
}
