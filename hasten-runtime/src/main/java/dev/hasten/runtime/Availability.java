package dev.hasten.runtime;

/** Whether a backend can run here. */
public sealed interface Availability {
  /**
   * It can.
   *
   * @param detail version and what it runs on
   */
  record Available(String detail) implements Availability {}

  /**
   * It cannot.
   *
   * @param reason what is missing
   * @param remedy what to install
   */
  record Missing(String reason, String remedy) implements Availability {}

  /** Whether this is {@link Available}. */
  default boolean isAvailable() {
    return this instanceof Available;
  }
}
