package dev.hasten.study.report;

import dev.hasten.measure.Interval;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;
import java.util.Locale;

/** Numbers as people read them. The same in every locale, so that two reports compare. */
final class Format {
  private static final String[] BYTE_UNITS = {"B", "kB", "MB", "GB", "TB"};
  private static final String[] RATE_UNITS = {"", "k", "M", "G", "T", "P"};

  private Format() {}

  /** {@code 2.70×}. */
  static String times(double ratio) {
    return ratio(ratio) + "×";
  }

  /** Two digits after the point, so that the ends of an interval line up: {@code 2.70}. */
  private static String ratio(double ratio) {
    return Double.isFinite(ratio)
        ? String.format(Locale.ROOT, Math.abs(ratio) < 9.995 ? "%.2f" : "%.1f", ratio)
        : "–";
  }

  /** Three significant digits: {@code 2.70}, {@code 27.0}, {@code 270}, {@code 0.0270}. */
  static String number(double value) {
    if (!Double.isFinite(value)) {
      return "–";
    }
    if (Math.abs(value) >= 99.95 || value == 0) {
      return minus(String.format(Locale.ROOT, "%,.0f", value));
    }
    BigDecimal rounded = new BigDecimal(value).round(new MathContext(3));
    return minus(rounded.setScale(rounded.scale() + 3 - rounded.precision()).toPlainString());
  }

  /** A number that someone chose, as they would write it: {@code 0.05}. */
  static String plain(double value) {
    return Double.isFinite(value)
        ? minus(BigDecimal.valueOf(value).stripTrailingZeros().toPlainString())
        : "–";
  }

  /** A score or a drop in one, whose digits after the point must line up. */
  static String score(double value) {
    // Adding zero turns -0.0 into 0.0, so that a rounded nothing has no sign.
    double rounded = Math.rint(value * 1e4) / 1e4 + 0.0;
    return Double.isFinite(value) ? minus(String.format(Locale.ROOT, "%.4f", rounded)) : "–";
  }

  static String percent(double share) {
    if (!Double.isFinite(share)) {
      return "–";
    }
    String form = Math.abs(share) < 0.0995 ? "%.1f %%" : "%.0f %%";
    return minus(String.format(Locale.ROOT, form, share * 100));
  }

  /** {@code 22.9 MB}, decimal units. */
  static String bytes(double bytes) {
    return scaled(bytes, BYTE_UNITS, "");
  }

  /** {@code 118 GFLOP/s} for the unit {@code FLOP/s}. */
  static String rate(double perSecond, String unit) {
    return scaled(perSecond, RATE_UNITS, unit);
  }

  private static String scaled(double value, String[] units, String suffix) {
    int unit = 0;
    double scaled = value;
    while (Math.abs(scaled) >= 999.5 && unit < units.length - 1) {
      scaled /= 1000;
      unit++;
    }
    String digits =
        unit == 0 && scaled == Math.rint(scaled) ? Long.toString((long) scaled) : number(scaled);
    return digits + "\u00a0" + units[unit] + suffix;
  }

  static String count(long count) {
    return String.format(Locale.ROOT, "%,d", count);
  }

  /** {@code 1 thread}, {@code 2 threads}. */
  static String counted(long count, String noun) {
    return count(count) + "\u00a0" + noun + (count == 1 ? "" : "s");
  }

  /** The interval of a ratio: {@code [2.61, 2.79]}. */
  static String range(Interval interval) {
    return "[" + ratio(interval.low()) + ", " + ratio(interval.high()) + "]";
  }

  static String millis(Duration time) {
    return number(time.toNanos() / 1e6);
  }

  /** {@code 850 µs}, {@code 12.3 ms}, {@code 4.20 s}, {@code 3 min 10 s}, {@code 1 h 5 min}. */
  static String duration(Duration time) {
    double seconds = time.toNanos() / 1e9;
    if (seconds < 1e-3) {
      return number(seconds * 1e6) + "\u00a0µs";
    }
    if (seconds < 1) {
      return number(seconds * 1e3) + "\u00a0ms";
    }
    if (seconds < 60) {
      return number(seconds) + "\u00a0s";
    }
    return time.toHours() > 0
        ? time.toHours() + "\u00a0h" + rest(time.toMinutesPart(), "min")
        : time.toMinutes() + "\u00a0min" + rest(time.toSecondsPart(), "s");
  }

  private static String rest(int count, String unit) {
    return count == 0 ? "" : " " + count + "\u00a0" + unit;
  }

  private static String minus(String digits) {
    return digits.startsWith("-") ? "−" + digits.substring(1) : digits;
  }
}
