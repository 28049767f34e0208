package dev.hasten.study.report;

import static dev.hasten.study.report.Html.el;
import static dev.hasten.study.report.Html.join;
import static dev.hasten.study.report.Html.text;
import static dev.hasten.study.report.Html.when;

import dev.hasten.measure.Hardware;
import dev.hasten.study.SpeedRow;
import dev.hasten.study.Trial;
import java.util.List;
import java.util.Optional;

/** The speed of the delivered model beside the original's, in every measured row. */
final class SpeedSection {
  private SpeedSection() {}

  static Html render(Trial baseline, Trial delivered, Hardware hardware) {
    return join(
        el(
            "p.lead",
            "Original and candidates took turns on the same inputs, on %s. A ratio above 1 is faster; brackets and the drawing hold its 95 %% interval. Noise is the original against itself: what a ratio of 1 looks like here."
                .formatted(hardware.processor())),
        table(delivered.speed()),
        el("h3", "Milliseconds per call"),
        times(baseline, delivered));
  }

  /** The ratios of one trial; also shown with each trial. */
  static Html table(List<SpeedRow> rows) {
    Whisker whisker = Whisker.over(rows.stream().map(SpeedRow::speedup).toList(), 1, Double.NaN);
    boolean marks = rows.stream().anyMatch(SpeedRow::drowned);
    var table =
        Table.of(
            "Times faster than the original",
            Table.words("Row"),
            Table.number("faster [95 % interval]"),
            Table.drawn(""),
            Table.number("noise"));
    for (SpeedRow row : rows) {
      table.row(
          el(
              "span.whole",
              text(Figures.row(row.row())),
              when(
                  marks && row.drowned(),
                  join(text(" "), el("span.mark.drowned", "drowned in noise")))),
          estimate(row),
          whisker.draw(row.speedup(), row.noise(), row.drowned() ? "drowned" : ""),
          el("span.interval", Format.range(row.noise())));
    }
    return table.html();
  }

  static Html estimate(SpeedRow row) {
    return el(
        "span",
        el("strong", Format.times(row.speedup().estimate())),
        text(" "),
        el("span.interval", Format.range(row.speedup())));
  }

  private static Html times(Trial baseline, Trial delivered) {
    var table =
        Table.of(
            "Original → delivered",
            Table.words("Row"),
            Table.number("p50"),
            Table.number("p95"),
            Table.number("p99"),
            Table.number("examples per second"),
            Table.number("timed calls"));
    for (SpeedRow is : delivered.speed()) {
      Optional<SpeedRow> was = baseline.at(is.row());
      table.row(
          el("span.whole", Figures.row(is.row())),
          change(was.map(w -> Format.millis(w.p50())), Format.millis(is.p50())),
          change(was.map(w -> Format.millis(w.p95())), Format.millis(is.p95())),
          change(was.map(w -> Format.millis(w.p99())), Format.millis(is.p99())),
          change(
              was.map(w -> Format.number(w.examplesPerSecond())),
              Format.number(is.examplesPerSecond())),
          text(Format.count(is.calls())));
    }
    return table.html();
  }

  private static Html change(Optional<String> before, String after) {
    return el(
        "span", before.map(b -> el("span.soft", b + " → ")).orElse(Html.NOTHING), text(after));
  }
}
