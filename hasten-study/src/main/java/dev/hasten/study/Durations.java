package dev.hasten.study;

import dev.hasten.runtime.BadInputException;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as people write them. */
public final class Durations {
  private static final Pattern PATTERN =
      Pattern.compile("(?:(\\d+)h)?(?:(\\d+)m)?(?:(\\d+(?:\\.\\d+)?)s)?(?:(\\d+(?:\\.\\d+)?)ms)?");

  private Durations() {}

  /**
   * @throws BadInputException without a place: the caller knows it
   */
  public static Duration parse(String text) {
    Matcher matcher = PATTERN.matcher(text.strip());
    if (text.isBlank() || !matcher.matches()) {
      throw new BadInputException(
          "'" + text + "' (expected: a time such as 90s, 10m, 1h30m or 20ms)");
    }
    double nanos =
        number(matcher.group(1)) * 3600e9
            + number(matcher.group(2)) * 60e9
            + number(matcher.group(3)) * 1e9
            + number(matcher.group(4)) * 1e6;
    if (nanos <= 0) {
      throw new BadInputException("'" + text + "' (expected: longer than 0)");
    }
    return Duration.ofNanos(Math.round(nanos));
  }

  /** {@code 1h30m}, {@code 9m5s}, {@code 1.5s}, {@code 20ms}: what {@link #parse} reads. */
  static String text(Duration duration) {
    if (duration.compareTo(Duration.ofSeconds(1)) < 0) {
      return String.format(java.util.Locale.ROOT, "%.3gms", duration.toNanos() / 1e6);
    }
    if (duration.compareTo(Duration.ofMinutes(1)) < 0) {
      double seconds = Math.round(duration.toMillis() / 100.0) / 10.0;
      return (seconds == Math.rint(seconds) ? String.valueOf((long) seconds) : seconds) + "s";
    }
    StringBuilder text = new StringBuilder();
    if (duration.toHours() > 0) {
      text.append(duration.toHours()).append('h');
    }
    if (duration.toMinutesPart() > 0) {
      text.append(duration.toMinutesPart()).append('m');
    }
    if (duration.toSecondsPart() > 0) {
      text.append(duration.toSecondsPart()).append('s');
    }
    return text.toString();
  }

  private static double number(@org.jspecify.annotations.Nullable String digits) {
    return digits == null ? 0 : Double.parseDouble(digits);
  }
}
