package dev.hasten.study.report;

import static dev.hasten.study.report.Html.el;
import static dev.hasten.study.report.Html.join;
import static dev.hasten.study.report.Html.text;
import static dev.hasten.study.report.Html.when;

import dev.hasten.study.Advice;
import dev.hasten.study.PaddingCost;
import dev.hasten.study.ProfileResult;
import java.util.Comparator;
import java.util.List;

/** What the profile of a model says about the ways to make it faster. */
final class AdviceSection {
  private AdviceSection() {}

  static Html advice(List<Advice> advice) {
    if (advice.isEmpty()) {
      return el("p.lead", "No advice for this model.");
    }
    var table =
        Table.of(
            "Expected from the profile of the original, most promising first",
            Table.words("Strategy"),
            Table.number("expected"),
            Table.words("why"));
    advice.stream()
        .sorted(Comparator.comparingDouble(Advice::high).reversed())
        .forEach(a ->
            table.row(
                join(
                    text(a.strategy().title()),
                    when(!a.can(), join(text(" "), el("span.mark", "not in Hasten yet")))),
                text(expected(a)),
                text(a.reason())));
    return table.html();
  }

  private static String expected(Advice advice) {
    return advice.high() <= 1.005
        ? "nothing"
        : "%s to %s".formatted(Format.times(advice.low()), Format.times(advice.high()));
  }

  /** The size of the model, and how its time grows with batch, length and threads. */
  static Html profile(ProfileResult profile) {
    var facts =
        new Facts()
            .add("Call", Format.duration(profile.latency()) + " at " + Figures.row(profile.row()))
            .add(
                "Pre-processing",
                "%s, %s of the whole call"
                    .formatted(
                        Format.duration(profile.preprocessing()),
                        Format.percent(profile.preprocessingShare())))
            .add(
                "Weights",
                "%s parameters, %s"
                    .formatted(
                        Format.rate(profile.parameters(), "").strip(),
                        Format.bytes(profile.weightBytes())));
    if (profile.flops() > 0) {
      facts.add("Work", Format.rate(profile.flops(), "FLOP") + " per call");
    }
    if (profile.padding() > 0) {
      facts.add(
          "Padding", Format.percent(profile.padding()) + " of the tokens, at natural lengths");
    }
    var scaling =
        Table.of(
            "Other batches, lengths and threads",
            Table.words("Row"),
            Table.number("ms per call"),
            Table.number("examples per second"));
    for (ProfileResult.Scaling s : profile.scaling()) {
      scaling.row(
          text(Figures.row(s.row())),
          text(Format.millis(s.latency())),
          text(Format.number(s.examplesPerSecond())));
    }
    return join(
        facts.html(),
        when(!profile.scaling().isEmpty(), scaling.html()),
        lengths(profile.lengths()));
  }

  private static Html lengths(List<PaddingCost> costs) {
    if (costs.isEmpty()) {
      return Html.NOTHING;
    }
    var table =
        Table.of(
            "What padding costs, and what grouping by length saves, per %d examples of natural length"
                .formatted(costs.getFirst().window()),
            Table.number("Batch"),
            Table.number("padding as they arrive"),
            Table.number("grouped"),
            Table.number("ms as they arrive"),
            Table.number("grouped"),
            Table.number("faster, 95 %"));
    for (PaddingCost cost : costs) {
      table.row(
          text(String.valueOf(cost.batch())),
          text(Format.percent(cost.arrival())),
          text(Format.percent(cost.grouped())),
          text(Format.millis(cost.arrivalTime())),
          text(Format.millis(cost.groupedTime())),
          text(
              "%s (%s to %s)"
                  .formatted(
                      Format.times(cost.speedup().estimate()),
                      Format.times(cost.speedup().low()),
                      Format.times(cost.speedup().high()))));
    }
    return table.html();
  }
}
