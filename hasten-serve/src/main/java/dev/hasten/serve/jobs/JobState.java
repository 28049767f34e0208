package dev.hasten.serve.jobs;

import java.util.Locale;

/** Where a job is in its life. */
public enum JobState {
  /** The lines of a bulk job are arriving. */
  RECEIVING,
  QUEUED,
  RUNNING,
  SUCCEEDED,
  /** Its request can't be answered, however often it is tried. */
  FAILED,
  CANCELLED,
  /** Given up after as many attempts as are allowed; it may be retried by hand. */
  PARKED;

  /** Whether nothing more happens to it by itself. */
  public boolean ended() {
    return switch (this) {
      case RECEIVING, QUEUED, RUNNING -> false;
      case SUCCEEDED, FAILED, CANCELLED, PARKED -> true;
    };
  }

  /** As clients and the database see it. */
  String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  static JobState of(String text) {
    return valueOf(text.toUpperCase(Locale.ROOT));
  }
}
