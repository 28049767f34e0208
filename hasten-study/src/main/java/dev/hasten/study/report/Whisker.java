package dev.hasten.study.report;

import static dev.hasten.study.report.Html.attr;
import static dev.hasten.study.report.Html.el;

import dev.hasten.measure.Interval;
import java.util.Locale;

/**
 * An estimate and its interval drawn in a table cell, on a scale that the whole column shares.
 *
 * @param low left end of the scale
 * @param high right end of the scale
 * @param reference where "no difference" lies
 * @param limit a line not to be crossed, or NaN for none
 */
record Whisker(double low, double high, double reference, double limit) {
  /** The scale that holds all of {@code intervals}, the reference and the limit. */
  static Whisker over(Iterable<Interval> intervals, double reference, double limit) {
    double low = Double.isNaN(limit) ? reference : Math.min(reference, limit);
    double high = Double.isNaN(limit) ? reference : Math.max(reference, limit);
    for (Interval interval : intervals) {
      low = Math.min(low, interval.low());
      high = Math.max(high, interval.high());
    }
    double margin = high > low ? (high - low) * 0.04 : 1;
    return new Whisker(low - margin, high + margin, reference, limit);
  }

  /**
   * The picture; {@code style} is a class of the style sheet. Its numbers stand beside it in text.
   */
  Html draw(Interval interval, String style) {
    return draw(interval, Html.NOTHING, style);
  }

  /**
   * The same, with the interval of the machine's noise as a band behind it, cut at the ends of the
   * scale.
   */
  Html draw(Interval interval, Interval noise, String style) {
    double from = Math.max(low, noise.low());
    double to = Math.min(high, noise.high());
    return draw(interval, line("noise", from, to, "50%", "50%"), style);
  }

  private Html draw(Interval interval, Html behind, String style) {
    return el(
        "svg.whisker",
        attr("aria-hidden", "true"),
        behind,
        line("", reference, reference, "0", "100%"),
        Double.isNaN(limit) ? Html.NOTHING : line("limit", limit, limit, "0", "100%"),
        line("range " + style, interval.low(), interval.high(), "50%", "50%"),
        el(
            "circle",
            attr("class", style),
            attr("cx", at(interval.estimate())),
            attr("cy", "50%"),
            attr("r", "3.5")));
  }

  private Html line(String style, double from, double to, String top, String bottom) {
    return el(
        "line",
        attr("class", style),
        attr("x1", at(from)),
        attr("x2", at(to)),
        attr("y1", top),
        attr("y2", bottom));
  }

  private String at(double value) {
    return String.format(Locale.ROOT, "%.2f%%", 100 * (value - low) / (high - low));
  }
}
