package dev.hasten.study.report;

import static dev.hasten.study.report.Html.attr;
import static dev.hasten.study.report.Html.each;
import static dev.hasten.study.report.Html.el;
import static dev.hasten.study.report.Html.join;
import static dev.hasten.study.report.Html.text;
import static dev.hasten.study.report.Html.when;

import dev.hasten.measure.Interval;
import dev.hasten.study.Quality;
import dev.hasten.study.SpeedRow;
import dev.hasten.study.StudyResult;
import dev.hasten.study.StudyResult.Asked;
import dev.hasten.study.Trial;
import dev.hasten.study.Trial.Kind;
import dev.hasten.study.Trial.Status;
import dev.hasten.study.report.ChartData.Frontier;
import dev.hasten.study.report.ChartData.Point;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** All trials, speed against quality: a chart, the trial chosen in it, and the table of all. */
final class FrontierSection {
  private FrontierSection() {}

  static Html render(StudyResult study) {
    return join(
        el("p.lead", finding(study)),
        when(chart(study) != null, drawing()),
        el(
            "div",
            attr("aria-live", "polite"),
            each(study.all(), trial -> TrialCard.render(trial, study))),
        table(study));
  }

  private static Html drawing() {
    return join(
        el(
            "ul.key.needs-js",
            el("li", "Larger: a larger file."),
            el("li", "Hollow: breaks the promise."),
            el("li", "Tap a point to see its recipe.")),
        el(
            "div#frontier-chart.chart",
            attr("role", "img"),
            attr(
                "aria-label",
                "Every measured trial by speed and quality. The table below holds the same figures,"
                    + " and its links choose the trial that is shown.")));
  }

  private static String finding(StudyResult study) {
    long measured = count(study, Status.MEASURED);
    long kept =
        study.trials().stream()
            .flatMap(t -> Figures.quality(t).stream())
            .filter(q -> q.verdict() == Quality.Verdict.KEPT)
            .count();
    long left = count(study, Status.NOT_TRIED);
    return ("Of %s, %d were measured to the end, %d dropped on the way and %d failed%s; %d kept the"
            + " promise on the data that they had seen.")
        .formatted(
            Format.counted(study.trials().size(), "recipe"),
            measured,
            count(study, Status.DROPPED),
            count(study, Status.FAILED),
            left == 0 ? "" : ", for %d the time did not suffice".formatted(left),
            kept);
  }

  private static long count(StudyResult study, Status status) {
    return study.trials().stream().filter(t -> t.status() == status).count();
  }

  private static Html table(StudyResult study) {
    var table =
        Table.of(
            "Every trial; speed at "
                + Figures.row(study.asked().headline())
                + ", on "
                + study.hardware().processor(),
            Table.words("Trial"),
            Table.number("file"),
            Table.number("faster [95 % interval]"),
            Table.number("drop of " + study.asked().metric()),
            Table.words("promise"));
    for (Trial trial : study.all()) {
      boolean delivered = isDelivered(trial, study);
      table.row(
          delivered ? "delivered" : "",
          el("a", attr("href", "#" + trial.id()), text(trial.label())),
          text(trial.fileBytes() == 0 ? "–" : Format.bytes(trial.fileBytes())),
          Figures.headline(trial, study)
              .map(s ->
                  trial.kind() == Kind.BASELINE
                      ? el("strong", Format.times(1))
                      : SpeedSection.estimate(s))
              .orElse(text("–")),
          Figures.quality(trial).map(q -> QualitySection.estimate(q.drop())).orElse(text("–")),
          status(trial, delivered));
    }
    return table.html();
  }

  /** How a trial ended, in marks. */
  static Html status(Trial trial, boolean delivered) {
    Html kind =
        switch (trial.kind()) {
          case BASELINE -> el("span.mark", "original");
          case PEER -> el("span.mark", "for comparison");
          case CANDIDATE -> Html.NOTHING;
        };
    Html status =
        switch (trial.status()) {
          case MEASURED -> Html.NOTHING;
          case DROPPED -> el("span.mark", "dropped");
          case NOT_TRIED -> el("span.mark", "not tried");
          case FAILED -> el("span.mark.broken", "failed");
        };
    Html promise =
        trial.kind() == Kind.BASELINE
            ? Html.NOTHING
            : Figures.quality(trial)
                .map(q -> QualitySection.mark(q.verdict()))
                .orElse(Html.NOTHING);
    return el(
        "span.marks", when(delivered, el("span.mark.kept", "delivered")), kind, status, promise);
  }

  static boolean isDelivered(Trial trial, StudyResult study) {
    return trial.id().equals(study.outcome().trial());
  }

  /** Null where too little was measured to draw. */
  static @Nullable Frontier chart(StudyResult study) {
    Asked asked = study.asked();
    List<Point> points = study.all().stream().flatMap(t -> point(t, study).stream()).toList();
    if (points.size() < 2) {
      return null;
    }
    double original = original(study);
    double allowed =
        asked.higherIsBetter() ? original - asked.maxDrop() : original + asked.maxDrop();
    return new Frontier(
        points,
        line(points, study),
        allowed,
        "promised: "
            + (asked.higherIsBetter() ? "at least " : "at most ")
            + Format.score(allowed).replaceFirst("0+$", ""),
        "times faster than the original (" + Figures.row(asked.headline()) + ")",
        "times faster (" + Figures.batch(asked.headline()) + ")",
        asked.metric() + (asked.higherIsBetter() ? "" : " (less is better)"),
        !asked.higherIsBetter(),
        study.delivered().orElse(study.baseline()).id());
  }

  /**
   * The study's frontier has three sides, of which size is not drawn: the line joins those of its
   * points that no faster one equals in quality.
   */
  private static List<double[]> line(List<Point> points, StudyResult study) {
    double sign = study.asked().higherIsBetter() ? 1 : -1;
    var line = new ArrayList<double[]>();
    double best = Double.NEGATIVE_INFINITY;
    for (Point p :
        points.stream()
            .filter(p -> study.frontier().contains(p.id()))
            .sorted(Comparator.comparingDouble(Point::speed).reversed())
            .toList()) {
      if (sign * p.quality() > best) {
        best = sign * p.quality();
        line.add(new double[] {p.speed(), p.quality()});
      }
    }
    return line.reversed();
  }

  private static double original(StudyResult study) {
    return study.all().stream()
        .flatMap(t -> Figures.quality(t).stream())
        .mapToDouble(Quality::original)
        .findFirst()
        .orElse(1);
  }

  private static Optional<Point> point(Trial trial, StudyResult study) {
    if (trial.kind() == Kind.BASELINE) {
      return Optional.of(
          point(trial, study, Interval.exact(1), Interval.exact(original(study)), "KEPT"));
    }
    Optional<SpeedRow> speed = Figures.headline(trial, study);
    Optional<Quality> quality = Figures.quality(trial);
    if (speed.isEmpty() || quality.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        point(
            trial,
            study,
            speed.get().speedup(),
            Figures.score(quality.get(), study.asked().higherIsBetter()),
            quality.get().verdict().name()));
  }

  private static Point point(
      Trial trial, StudyResult study, Interval speed, Interval score, String promise) {
    var lines = new ArrayList<String>();
    lines.add(trial.label());
    lines.add(Format.times(speed.estimate()) + " faster " + Format.range(speed));
    lines.add(study.asked().metric() + " " + QualitySection.scoreAndRange(score));
    lines.add(Format.bytes(trial.fileBytes()));
    return new Point(
        trial.id(),
        trial.label(),
        trial.kind().name(),
        promise,
        isDelivered(trial, study),
        speed.estimate(),
        speed.low(),
        speed.high(),
        score.estimate(),
        score.low(),
        score.high(),
        trial.fileBytes(),
        lines);
  }
}
