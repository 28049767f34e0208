package dev.hasten.study;

import java.time.Duration;

/** Hears how a study goes. Called from the study's own thread; must not block. */
public interface Progress {
  /** Hears nothing. */
  Progress NONE = new Progress() {};

  /** A phase begins: {@code number} (from 1) of {@code of}. */
  default void phase(String name, int number, int of) {}

  /**
   * Something goes on.
   *
   * @param what now, for people: {@code dynamic-int8 per-channel: quality on 300 examples}
   * @param fraction of the whole study that is done, 0 to 1, never falling
   * @param left estimated time to the end
   */
  default void at(String what, double fraction, Duration left) {}

  /** A trial ended, measured, dropped or failed. */
  default void trial(Trial trial) {}

  /** Worth knowing: resumed from a journal, data that will not decide, noise. */
  default void note(String text) {}

  /**
   * Hears of a part only what is worth knowing: how far the part is, is not how far the whole is.
   */
  default Progress notesOnly() {
    Progress whole = this;
    return new Progress() {
      @Override
      public void note(String text) {
        whole.note(text);
      }
    };
  }
}
