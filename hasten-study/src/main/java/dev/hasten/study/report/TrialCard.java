package dev.hasten.study.report;

import static dev.hasten.study.report.Html.attr;
import static dev.hasten.study.report.Html.each;
import static dev.hasten.study.report.Html.el;
import static dev.hasten.study.report.Html.join;
import static dev.hasten.study.report.Html.text;
import static dev.hasten.study.report.Html.when;

import dev.hasten.study.Quality;
import dev.hasten.study.StudyResult;
import dev.hasten.study.Trial;
import dev.hasten.study.Trial.Kind;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** One trial: its recipe, its rows, what it changed and what it refused. */
final class TrialCard {
  private TrialCard() {}

  static Html render(Trial trial, StudyResult study) {
    boolean delivered = FrontierSection.isDelivered(trial, study);
    return el(
        "article.trial",
        attr("id", trial.id()),
        el("header", el("h3", trial.label()), FrontierSection.status(trial, delivered)),
        when(!trial.reason().isEmpty(), el("p", ended(trial))),
        when(!trial.expectation().isEmpty(), el("p.soft", trial.expectation())),
        el("div.parts", el("div", recipe(trial), evidence(trial)), el("div", facts(trial, study))),
        when(
            trial.kind() != Kind.BASELINE && !trial.speed().isEmpty(),
            SpeedSection.table(trial.speed())));
  }

  private static String ended(Trial trial) {
    String stage = trial.stage().name().toLowerCase(Locale.ROOT).replace('_', ' ');
    return switch (trial.status()) {
      case MEASURED -> trial.reason();
      case DROPPED -> "Dropped after stage “" + stage + "”: " + trial.reason();
      case NOT_TRIED -> "Not tried: " + trial.reason();
      case FAILED -> "Failed after stage “" + stage + "”: " + trial.reason();
    };
  }

  private static Html recipe(Trial trial) {
    return trial.recipe().isEmpty()
        ? Html.NOTHING
        : join(el("h4", "Recipe"), Facts.copyable(Figures.yaml(trial.recipe())));
  }

  private static Html evidence(Trial trial) {
    return join(
        when(
            !trial.changes().isEmpty(),
            join(
                el("h4", "Changed"),
                el(
                    "p",
                    each(
                        trial.changes(),
                        c ->
                            join(
                                el("code", c.rule()),
                                text(" ×\u00a0" + Format.count(c.count()) + "  ")))))),
        when(
            !trial.refusals().isEmpty(),
            join(el("h4", "Refused"), RefusalSection.render(trial.refusals()))));
  }

  private static Html facts(Trial trial, StudyResult study) {
    var facts = new Facts();
    if (trial.fileBytes() > 0) {
      facts.add("File", Format.bytes(trial.fileBytes()));
    }
    Figures.headline(trial, study)
        .ifPresent(s ->
            facts.add(
                "Call",
                "%s p50, %s p99 at %s"
                    .formatted(
                        Format.duration(s.p50()), Format.duration(s.p99()), Figures.row(s.row()))));
    facts.add("Validation", quality(trial.validate()));
    facts.add("Test", quality(trial.test()));
    Trial.MemoryUse memory = trial.memory();
    if (memory != null) {
      facts
          .add(
              "Memory",
              "%s peak, %s of it model and session"
                  .formatted(Format.bytes(memory.peakBytes()), Format.bytes(memory.modelBytes())))
          .add(
              "Start",
              "%s to load, %s to the first answer"
                  .formatted(
                      Format.duration(memory.load()), Format.duration(memory.firstAnswer())));
    }
    if (!trial.took().isZero()) {
      facts.add("Took", Format.duration(trial.took()));
    }
    return facts.html();
  }

  private static Html quality(@Nullable Quality quality) {
    return quality == null
        ? Html.NOTHING
        : join(
            text(
                "%s %s (original %s), drop "
                    .formatted(
                        quality.metric(),
                        Format.score(quality.candidate()),
                        Format.score(quality.original()))),
            QualitySection.estimate(quality.drop()),
            text(" on " + Format.counted(quality.examples(), "example") + " "),
            QualitySection.mark(quality.verdict()));
  }
}
