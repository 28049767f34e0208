package dev.hasten.cli;

import dev.hasten.runtime.BadInputException;

/** {@code 1%} or {@code 0.01}. */
final class Fractions {
  private Fractions() {}

  static double parse(String option, String text) {
    String trimmed = text.strip();
    boolean percent = trimmed.endsWith("%");
    try {
      double number =
          Double.parseDouble(percent ? trimmed.substring(0, trimmed.length() - 1) : trimmed);
      double value = percent ? number / 100 : number;
      if (value >= 0 && value <= 1) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Said below, with what was expected.
    }
    throw new BadInputException(
        option + ": " + text + " (expected: 0 to 100%, or 0 to 1, for example 1% or 0.01)");
  }
}
