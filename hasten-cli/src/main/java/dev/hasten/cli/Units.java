package dev.hasten.cli;

import java.time.Duration;
import java.util.Locale;

/** Quantities as people read them. */
final class Units {
  private static final String[] BINARY = {"B", "KiB", "MiB", "GiB", "TiB"};
  private static final String[] DECIMAL = {"", "k", "M", "G", "T", "P"};

  private Units() {}

  static String bytes(double bytes) {
    return scaled(bytes, 1024, BINARY, "");
  }

  /** {@code 1.2 G} and a unit of the caller's: {@code count(flops, "FLOP")}. */
  static String count(double number, String unit) {
    return scaled(number, 1000, DECIMAL, unit);
  }

  static String millis(Duration duration) {
    double millis = duration.toNanos() / 1e6;
    return String.format(Locale.ROOT, millis < 10 ? "%.2f ms" : "%.1f ms", millis);
  }

  /** {@code 3m 20s}. */
  static String rough(Duration duration) {
    long seconds = Math.round(duration.toMillis() / 1000.0);
    return seconds < 60
        ? seconds + "s"
        : seconds / 60 + "m " + String.format(Locale.ROOT, "%02ds", seconds % 60);
  }

  static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }

  static String times(double ratio) {
    return String.format(Locale.ROOT, "%.2f×", ratio);
  }

  private static String scaled(double number, double base, String[] names, String unit) {
    int power = 0;
    double rest = number;
    while (rest >= base && power < names.length - 1) {
      rest /= base;
      power++;
    }
    String digits = String.format(Locale.ROOT, power == 0 ? "%.0f" : "%.1f", rest);
    return (digits + " " + names[power] + unit).stripTrailing();
  }
}
