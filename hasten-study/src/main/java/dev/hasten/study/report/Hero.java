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
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The first screen: what came out, with its intervals, and what was asked. */
final class Hero {
  private static final DateTimeFormatter DAY =
      DateTimeFormatter.ofPattern("d MMMM uuuu, HH:mm 'UTC'", Locale.ROOT).withZone(ZoneOffset.UTC);

  private final StudyResult study;
  private final Optional<Trial> delivered;

  private Hero(StudyResult study) {
    this.study = study;
    this.delivered = study.delivered();
  }

  static Html render(StudyResult study) {
    return new Hero(study).html();
  }

  private Html html() {
    return el(
        "section.hero",
        attr("aria-labelledby", "title"),
        el(
            "div.title",
            el("h1", attr("id", "title"), text(study.asked().model())),
            el("span.soft", DAY.format(study.started()))),
        el("p.claim", claim()),
        delivered.map(this::figures).orElse(Html.NOTHING),
        el("p.lead.measured", "Measured on " + Figures.processor(study.hardware())),
        el(
            "div.asked",
            el("div", el("h3", "Asked"), asked()),
            el("div", el("h3", "Delivered"), decided())),
        warnings());
  }

  private Html claim() {
    if (delivered.isEmpty()) {
      return text("Nothing good enough was found: the original stays.");
    }
    Trial trial = delivered.get();
    var parts = new ArrayList<Html>();
    Figures.headline(trial, study)
        .ifPresent(s ->
            parts.add(
                join(el("span.win", faster(s)), text(" at " + Figures.batch(s.row()) + ", "))));
    parts.add(join(el("span.win", smaller(trial)), text("; ")));
    parts.add(Figures.quality(trial).map(this::qualityClaim).orElse(text("quality not measured.")));
    return join(parts);
  }

  private Html qualityClaim(Quality quality) {
    double drop = quality.drop().estimate();
    String change =
        drop > 0
            ? quality.metric() + " drops by " + Format.number(drop)
            : quality.metric() + " does not drop";
    String promise =
        switch (quality.verdict()) {
          case KEPT -> ", within the " + Format.plain(study.asked().maxDrop()) + " promised.";
          case BROKEN -> ", beyond the " + Format.plain(study.asked().maxDrop()) + " promised.";
          case UNDECIDED -> "; too few data to promise it.";
        };
    return text(change + promise);
  }

  private static String faster(SpeedRow speed) {
    return speed.drowned()
        ? "As fast, within the noise,"
        : Figures.compared(speed.speedup().estimate(), "faster", "slower");
  }

  private String smaller(Trial trial) {
    double ratio = (double) study.baseline().fileBytes() / trial.fileBytes();
    return Figures.compared(ratio, "smaller", "larger");
  }

  private Html figures(Trial trial) {
    var figures = new ArrayList<Html>();
    Figures.headline(trial, study).ifPresent(s -> figures.add(speed(s)));
    figures.add(
        figure(
            "Model file",
            smaller(trial),
            fromTo(Format.bytes(study.baseline().fileBytes()), Format.bytes(trial.fileBytes()))));
    Figures.quality(trial).ifPresent(q -> figures.add(quality(q)));
    Trial.MemoryUse was = study.baseline().memory();
    Trial.MemoryUse is = trial.memory();
    if (was != null && is != null) {
      figures.add(
          figure(
              "Memory of model and session",
              Format.bytes(is.modelBytes()),
              text("was " + Format.bytes(was.modelBytes())),
              text("first answer after " + Format.duration(is.firstAnswer()))));
    }
    return el("dl.figures", join(figures));
  }

  private Html speed(SpeedRow speed) {
    Html times =
        study
            .baseline()
            .at(speed.row())
            .map(was -> fromTo(Format.duration(was.p50()), Format.duration(speed.p50())))
            .orElse(text(Format.duration(speed.p50())));
    return figure(
        "Time of a call, " + Figures.row(speed.row()),
        Figures.compared(speed.speedup().estimate(), "faster", "slower"),
        text(confidence(speed.speedup()) + " interval " + Format.range(speed.speedup())),
        times,
        when(speed.drowned(), el("span.mark.drowned", "drowned in noise")));
  }

  private Html quality(Quality quality) {
    Interval drop = quality.drop();
    return figure(
        "Drop of " + quality.metric(),
        Format.score(drop.estimate()),
        text(
            "%s %% upper bound %s, promised at most %s"
                .formatted(
                    // One end of a two-sided interval.
                    Format.plain(Math.round(1000 * (1 + drop.confidence()) / 2) / 10.0),
                    Format.score(drop.high()),
                    Format.plain(study.asked().maxDrop()))),
        join(
            QualitySection.mark(quality.verdict()),
            text(" on " + Format.counted(quality.examples(), "example"))));
  }

  private static Html figure(String name, String big, Html... notes) {
    return el(
        "div",
        el("dt", name),
        el("dd.big", big),
        each(List.of(notes), note -> note.equals(Html.NOTHING) ? note : el("dd.note", note)));
  }

  private static Html fromTo(String before, String after) {
    return text(before + " → " + after);
  }

  private static String confidence(Interval interval) {
    return Format.percent(interval.confidence());
  }

  private Html asked() {
    Asked asked = study.asked();
    var facts =
        new Facts()
            .add(
                "Model",
                "%s, %s, %s parameters, opset %d"
                    .formatted(
                        asked.model(),
                        Format.bytes(asked.modelBytes()),
                        Format.rate(asked.parameters(), "").strip(),
                        asked.opset()))
            .add(
                "Data",
                "%s (%s): %s to calibrate, %s to validate, %s to test"
                    .formatted(
                        String.join(", ", asked.data()),
                        asked.format(),
                        Format.count(asked.calibrate()),
                        Format.count(asked.validate()),
                        Format.count(asked.test())))
            .add(
                "Promise",
                "%s at most %s below the original, with %s confidence"
                    .formatted(
                        asked.metric(),
                        Format.plain(asked.maxDrop()),
                        Format.percent(asked.confidence())))
            .add("Objective", asked.objective().text())
            .add("Budget", Format.duration(asked.budget()));
    Double floor = asked.floor();
    if (floor != null) {
      facts.add("Least score", Format.plain(floor));
    }
    for (Map.Entry<String, String> limit : asked.limits().entrySet()) {
      facts.add(limit.getKey(), limit.getValue());
    }
    return facts.html();
  }

  private Html decided() {
    var facts =
        new Facts()
            .add(
                "Recipe",
                delivered
                    .map(t -> el("a", attr("href", "#" + t.id()), text(t.label())))
                    .orElse(text("none")))
            .add("Because", study.outcome().reason())
            .add(
                "Tried",
                Format.counted(study.trials().size(), "recipe")
                    + " in "
                    + Format.duration(study.took()));
    if (study.outcome().promisesTested() > 1) {
      facts.add(
          "Promises",
          study.outcome().promisesTested()
              + " were tested; each with its confidence raised, so that all together keep the one"
              + " asked");
    }
    return facts.html();
  }

  private Html warnings() {
    return when(
        !study.warnings().isEmpty(),
        el(
            "div.warning",
            attr("role", "note"),
            el("strong", "Worth knowing"),
            el("ul", each(study.warnings(), w -> el("li", w)))));
  }
}
