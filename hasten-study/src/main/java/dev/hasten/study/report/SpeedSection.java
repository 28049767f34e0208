package dev.hasten.study.report;

import static dev.hasten.study.report.Html.el;
import static dev.hasten.study.report.Html.join;
import static dev.hasten.study.report.Html.text;
import static dev.hasten.study.report.Html.when;

import dev.hasten.measure.Interval;
import dev.hasten.measure.Row;
import dev.hasten.measure.RowSpeed;
import dev.hasten.measure.SubjectSpeed;
import java.util.List;

/** The speed of one subject beside the original's, in every measured row. */
final class SpeedSection {
  private SpeedSection() {}

  static Html render(List<RowSpeed> rows, String subject) {
    return join(
        el(
            "p.lead",
            "Original and candidates took turns on the same inputs. A ratio above 1 is faster; in"
                + " brackets and in the drawing, its 95 % interval; the thin line is the original. Noise is"
                + " the original against itself: what a ratio of 1 looks like on this machine."),
        table(rows, subject),
        el("h3", "Milliseconds per call"),
        times(rows, subject));
  }

  static String condition(Row row) {
    return "batch "
        + row.batch()
        + (row.length() == 0 ? "" : " × " + row.length())
        + ", "
        + Format.counted(row.threads(), "thread");
  }

  /** The ratios of one subject; also shown with each trial. */
  static Html table(List<RowSpeed> rows, String subject) {
    List<Interval> ratios = rows.stream().map(r -> r.subject(subject).speedup()).toList();
    Whisker whisker = Whisker.over(ratios, 1, Double.NaN);
    var table =
        Table.of(
            "Times faster than the original",
            Table.words("Row"),
            Table.number("faster [95 % interval]"),
            Table.drawn(""),
            Table.number("noise"),
            Table.words(""));
    for (RowSpeed row : rows) {
      SubjectSpeed speed = row.subject(subject);
      table.row(
          el("span.whole", condition(row.row())),
          estimate(speed.speedup()),
          whisker.draw(speed.speedup(), row.noise(), speed.drowned() ? "drowned" : ""),
          el("span.interval", Format.range(row.noise())),
          join(
              when(speed.drowned(), el("span.mark.drowned", "drowned in noise")),
              when(!row.stable(), el("span.mark.drowned", "warm-up unsteady"))));
    }
    return table.html();
  }

  private static Html times(List<RowSpeed> rows, String subject) {
    var table =
        Table.of(
            "Original → delivered",
            Table.words("Row"),
            Table.number("p50"),
            Table.number("p95"),
            Table.number("p99"),
            Table.number("examples per second"),
            Table.number("timed calls"));
    for (RowSpeed row : rows) {
      SubjectSpeed was = row.baseline();
      SubjectSpeed is = row.subject(subject);
      table.row(
          el("span.whole", condition(row.row())),
          change(Format.millis(was.p50()), Format.millis(is.p50())),
          change(Format.millis(was.p95()), Format.millis(is.p95())),
          change(Format.millis(was.p99()), Format.millis(is.p99())),
          change(Format.number(was.examplesPerSecond()), Format.number(is.examplesPerSecond())),
          text(Format.count(is.calls())));
    }
    return table.html();
  }

  private static Html change(String before, String after) {
    return el("span", el("span.soft", before + " → "), text(after));
  }

  static Html estimate(Interval ratio) {
    return el(
        "span",
        el("strong", Format.times(ratio.estimate())),
        text(" "),
        el("span.interval", Format.range(ratio)));
  }
}
