package dev.hasten.study.report;

import static dev.hasten.study.report.Html.each;
import static dev.hasten.study.report.Html.el;
import static dev.hasten.study.report.Html.join;
import static dev.hasten.study.report.Html.text;
import static dev.hasten.study.report.Html.when;

import dev.hasten.measure.Interval;
import dev.hasten.measure.SliceDrop;
import dev.hasten.study.Quality;
import dev.hasten.study.StudyResult;
import dev.hasten.study.StudyResult.Asked;
import dev.hasten.study.Trial;
import java.util.List;

/** Whether the promise holds, and on which slices of the data it holds least. */
final class QualitySection {
  private static final int SLICES = 10;

  private QualitySection() {}

  /** The delivered trial's, else that of every finalist: why it was not delivered. */
  static Html render(StudyResult study) {
    Asked asked = study.asked();
    Html meaning = el("p", el("strong", asked.metric() + ": "), text(asked.metricMeaning()));
    List<Trial> finalists =
        study.delivered().map(List::of).orElseGet(() -> tested(study)).stream()
            .filter(t -> Figures.quality(t).isPresent())
            .toList();
    return finalists.isEmpty()
        ? join(meaning, el("p.lead", "No recipe came as far as the test of the promise."))
        : join(
            meaning,
            each(
                finalists,
                t ->
                    join(
                        when(study.delivered().isEmpty(), el("h3", t.label())),
                        render(asked, Figures.quality(t).orElseThrow()))));
  }

  private static List<Trial> tested(StudyResult study) {
    return study.trials().stream().filter(t -> t.test() != null).toList();
  }

  private static Html render(Asked asked, Quality quality) {
    return join(
        el("p", mark(quality.verdict()), text(" "), text(quality.text())),
        when(
            quality.examplesNeeded() > 0 && quality.examplesNeeded() < Long.MAX_VALUE,
            el(
                "p",
                "About %s examples would decide it; there were %s."
                    .formatted(
                        Format.count(quality.examplesNeeded()), Format.count(quality.examples())))),
        slices(asked, quality.slices()));
  }

  /** A verdict, coloured. */
  static Html mark(Quality.Verdict verdict) {
    return switch (verdict) {
      case KEPT -> el("span.mark.kept", "✓ promise kept");
      case BROKEN -> el("span.mark.broken", "✕ promise broken");
      case UNDECIDED -> el("span.mark.undecided", "? undecided");
    };
  }

  private static Html slices(Asked asked, List<SliceDrop> slices) {
    if (slices.isEmpty()) {
      return el("p.lead", "The workload names no slices of the data to look at one by one.");
    }
    Whisker whisker =
        Whisker.over(slices.stream().map(SliceDrop::drop).toList(), 0, asked.maxDrop());
    List<SliceDrop> worst = slices.subList(0, Math.min(SLICES, slices.size()));
    List<SliceDrop> rest = slices.subList(worst.size(), slices.size());
    return join(
        el("h3", "Slice by slice, worst first"),
        el("p.lead", finding(slices)),
        table(worst, whisker),
        when(
            !rest.isEmpty(),
            el(
                "details",
                el("summary", text("The other " + Format.counted(rest.size(), "slice"))),
                table(rest, whisker))));
  }

  private static String finding(List<SliceDrop> slices) {
    List<String> worse =
        slices.stream().filter(SliceDrop::worse).map(s -> s.field() + " = " + s.value()).toList();
    return (worse.isEmpty()
            ? "No slice is worse than the whole beyond chance."
            : "Worse than the whole, beyond chance: " + String.join(", ", worse) + ".")
        + " Intervals are widened for the number of slices looked at. The dashed line is the drop"
        + " that was allowed for the whole.";
  }

  private static Html table(List<SliceDrop> slices, Whisker whisker) {
    var table =
        Table.of(
            "Drop: how much worse than the original's score",
            Table.words("Slice"),
            Table.number("examples"),
            Table.number("original"),
            Table.number("faster model"),
            Table.number("drop [interval]"),
            Table.drawn(""));
    for (SliceDrop s : slices) {
      table.row(
          join(
              el("span.soft", s.field() + " = "),
              text(s.value()),
              when(s.worse(), join(text(" "), el("span.mark.broken", "worse")))),
          text(Format.count(s.examples())),
          text(Format.score(s.original())),
          text(Format.score(s.candidate())),
          estimate(s.drop()),
          whisker.draw(s.drop(), s.worse() ? "worse" : ""));
    }
    return table.html();
  }

  static Html estimate(Interval score) {
    return el(
        "span",
        el("strong", Format.score(score.estimate())),
        text(" "),
        el("span.interval", range(score)));
  }

  static String scoreAndRange(Interval score) {
    return Format.score(score.estimate()) + " " + range(score);
  }

  private static String range(Interval score) {
    return "[" + Format.score(score.low()) + ", " + Format.score(score.high()) + "]";
  }
}
