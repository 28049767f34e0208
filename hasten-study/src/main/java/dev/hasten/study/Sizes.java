package dev.hasten.study;

import dev.hasten.runtime.BadInputException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes as people write them: {@code 500MB} (of 1000), {@code 30MiB} (of 1024), {@code 1 GB}. */
final class Sizes {
  private static final Pattern PATTERN = Pattern.compile("(\\d+(?:\\.\\d+)?) ?(?:([KMG])(i?))?B");

  private Sizes() {}

  /**
   * Bytes.
   *
   * @throws BadInputException without a place: the caller knows it
   */
  static long parse(String text) {
    Matcher size = PATTERN.matcher(text);
    if (!size.matches()) {
      throw new BadInputException(
          "'" + text + "' (expected: a size such as 500MB or 30MiB, or bytes)");
    }
    long base = "i".equals(size.group(3)) ? 1024 : 1000;
    int power = size.group(2) == null ? 0 : " KMG".indexOf(size.group(2).charAt(0));
    long bytes = Math.round(Double.parseDouble(size.group(1)) * Math.pow(base, power));
    if (bytes < 1) {
      throw new BadInputException("'" + text + "' (expected: at least one byte)");
    }
    return bytes;
  }
}
