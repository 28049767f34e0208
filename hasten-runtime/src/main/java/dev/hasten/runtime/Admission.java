package dev.hasten.runtime;

/** Whether the {@link Scheduler} takes a request. */
sealed interface Admission {
  record Accepted() implements Admission {}

  /**
   * @param retryNanos when it may be worth trying again; 0: it is not
   */
  record Refused(RejectedRequestException.Reason reason, long retryNanos) implements Admission {}
}
