package dev.hasten.study;

import dev.hasten.runtime.BadInputException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes as people write them: {@code 500MB} (of 1000), {@code 30MiB} (of 1024), {@code 1 GB}. */
public final class Sizes {
  private static final Pattern PATTERN = Pattern.compile("(\\d+(?:\\.\\d+)?) ?(?:([KMG])(i?))?B");

  private Sizes() {}

  /**
   * Bytes, of an option: also {@code 2g} and {@code 512m}, which are of 1024 as everywhere on the
   * command line.
   *
   * @param what the option's name, for the message
   * @throws BadInputException for anything else
   */
  public static long parse(String what, String text) {
    String given = text.strip();
    String size = given.matches("(?i)[0-9.]+[kmg]") ? given.toUpperCase(Locale.ROOT) + "iB" : given;
    try {
      return parse(size);
    } catch (BadInputException e) {
      throw new BadInputException(
          what + ": '" + text + "' (expected: a size such as 2g, 500MB or 30MiB)", e);
    }
  }

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
