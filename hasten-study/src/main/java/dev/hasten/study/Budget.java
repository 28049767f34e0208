package dev.hasten.study;

import dev.hasten.runtime.BadInputException;
import java.time.Duration;

/**
 * How long a study may take. At least one candidate is always carried to the end, even past it, and
 * the three most promising are tried unless one of them is good enough and better than the
 * original.
 *
 * @param total wall-clock time, profile to bundle; a resumed study counts what it spent before
 */
public record Budget(Duration total) {
  /** Ten minutes. */
  public static final Budget DEFAULT = new Budget(Duration.ofMinutes(10));

  public Budget {
    if (total.isNegative() || total.isZero()) {
      throw new IllegalArgumentException("budget: " + total + " (expected: > 0)");
    }
  }

  /**
   * Reads {@code 90s}, {@code 10m}, {@code 1h30m}.
   *
   * @throws BadInputException for anything else
   */
  public static Budget parse(String text) {
    return parse("budget", text);
  }

  /**
   * Reads the same for an option.
   *
   * @param what the option's name, for the message
   * @throws BadInputException for anything else
   */
  public static Budget parse(String what, String text) {
    try {
      return new Budget(Durations.parse(text));
    } catch (BadInputException e) {
      throw new BadInputException(what + ": " + e.getMessage(), e);
    }
  }
}
