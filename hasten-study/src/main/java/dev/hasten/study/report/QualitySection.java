package dev.hasten.study.report;

import static dev.hasten.study.report.Html.el;
import static dev.hasten.study.report.Html.join;
import static dev.hasten.study.report.Html.text;
import static dev.hasten.study.report.Html.when;

import dev.hasten.measure.Interval;
import dev.hasten.measure.Promise;
import dev.hasten.measure.SliceDrop;
import dev.hasten.measure.Verdict;
import java.util.List;

/** Whether the promise holds, and on which slices of the data it holds least. */
final class QualitySection {
  private static final int SLICES = 10;

  private QualitySection() {}

  static Html render(
      String metric, String meaning, Promise promise, Verdict verdict, List<SliceDrop> slices) {
    return join(
        el("p", el("strong", metric + ": "), text(meaning)),
        el("p", verdictMark(verdict), text(" "), text(verdict.text())),
        when(
            verdict instanceof Verdict.Undecided u && u.examplesNeeded() < Long.MAX_VALUE,
            el("p", needed(verdict))),
        slices(promise, slices));
  }

  /** {@code kept}, {@code broken} or {@code undecided}, coloured. */
  static Html verdictMark(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Kept _ -> el("span.mark.kept", "✓ promise kept");
      case Verdict.Broken _ -> el("span.mark.broken", "✕ promise broken");
      case Verdict.Undecided _ -> el("span.mark.undecided", "? undecided");
    };
  }

  private static String needed(Verdict verdict) {
    return verdict instanceof Verdict.Undecided u
        ? "About %s test examples would decide it; there were %s."
            .formatted(Format.count(u.examplesNeeded()), Format.count(u.examples()))
        : "";
  }

  private static Html slices(Promise promise, List<SliceDrop> slices) {
    if (slices.isEmpty()) {
      return el("p.lead", "The data name no slices to look at one by one.");
    }
    Whisker whisker =
        Whisker.over(slices.stream().map(SliceDrop::drop).toList(), 0, promise.maxDrop());
    List<SliceDrop> worst = slices.subList(0, Math.min(SLICES, slices.size()));
    List<SliceDrop> rest = slices.subList(worst.size(), slices.size());
    return join(
        el("h3", "Slice by slice, worst first"),
        el("p.lead", sliceFinding(slices)),
        table(worst, whisker),
        when(
            !rest.isEmpty(),
            el(
                "details",
                el("summary", text("The other " + Format.counted(rest.size(), "slice"))),
                table(rest, whisker))));
  }

  private static String sliceFinding(List<SliceDrop> slices) {
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
            "Drop: how much worse than the original",
            Table.words("Slice"),
            Table.number("examples"),
            Table.number("original"),
            Table.number("delivered"),
            Table.number("drop [95 % interval]"),
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

  static Html estimate(Interval drop) {
    return el(
        "span",
        el("strong", Format.score(drop.estimate())),
        text(" "),
        el("span.interval", scores(drop)));
  }

  private static String scores(Interval interval) {
    return "[" + Format.score(interval.low()) + ", " + Format.score(interval.high()) + "]";
  }
}
