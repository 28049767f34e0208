package dev.hasten.runtime;

/** Which requests a {@link Batcher} runs first. */
public enum Priority {
  /** Somebody waits for the answer. */
  INTERACTIVE,
  /**
   * Background jobs: run where nothing interactive waits, and with {@link BatcherOptions#lowShare}
   * of the time where something always does.
   */
  LOW
}
