package dev.hasten.study.report;

import static dev.hasten.study.report.Html.each;
import static dev.hasten.study.report.Html.el;
import static dev.hasten.study.report.Html.join;
import static dev.hasten.study.report.Html.text;
import static dev.hasten.study.report.Html.when;

import dev.hasten.study.StudyResult;
import dev.hasten.study.Trial;
import dev.hasten.study.Trial.RefusalNote;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What was not done, and why: by technique, then by reason. */
final class RefusalSection {
  private static final int NODES = 40;

  private RefusalSection() {}

  /** What every recipe of the study left alone, and the recipes that themselves were left. */
  static Html render(StudyResult study) {
    List<Trial> left =
        study.all().stream().filter(t -> t.status() != Trial.Status.MEASURED).toList();
    return join(
        render(study.trials().stream().flatMap(t -> t.refusals().stream()).toList()),
        when(!left.isEmpty(), left(left)),
        SlowSection.render(study.trials()));
  }

  private static Html left(List<Trial> trials) {
    var table =
        Table.of(
            "Nothing is dropped silently",
            Table.words("Recipe"),
            Table.words("ended after"),
            Table.words("because"));
    for (Trial trial : trials) {
      table.row(
          text(trial.label()),
          text(trial.stage().name().toLowerCase(Locale.ROOT).replace('_', ' ')),
          join(
              trial.status() == Trial.Status.FAILED
                  ? join(el("span.mark.broken", "failed"), text(" "))
                  : Html.NOTHING,
              text(trial.reason())));
    }
    return join(el("h3", "Recipes that were dropped or failed"), table.html());
  }

  /** Grouped by technique, then by reason. */
  static Html render(List<RefusalNote> refusals) {
    if (refusals.isEmpty()) {
      return el("p.lead", "Nothing was refused.");
    }
    Map<String, List<RefusalNote>> byRule =
        refusals.stream()
            .distinct()
            .collect(
                Collectors.groupingBy(RefusalNote::technique, TreeMap::new, Collectors.toList()));
    return each(byRule.entrySet(), rule -> rule(rule.getKey(), rule.getValue()));
  }

  private static Html rule(String name, List<RefusalNote> refusals) {
    Map<String, List<String>> byReason =
        refusals.stream()
            .collect(
                Collectors.groupingBy(
                    RefusalNote::reason,
                    TreeMap::new,
                    Collectors.mapping(RefusalNote::node, Collectors.toList())));
    return el(
        "details",
        el(
            "summary",
            el("code", name),
            el(
                "span.soft",
                " left %s alone, for %s"
                    .formatted(
                        Format.counted(refusals.size(), "node"),
                        Format.counted(byReason.size(), "reason")))),
        el("ul", each(byReason.entrySet(), reason -> reason(reason.getKey(), reason.getValue()))));
  }

  private static Html reason(String reason, List<String> nodes) {
    List<String> shown = nodes.stream().limit(NODES).toList();
    return el(
        "li",
        text(reason + ": "),
        each(shown, node -> join(el("code", node), text(" "))),
        when(
            nodes.size() > shown.size(),
            el("span.soft", "and " + Format.count(nodes.size() - shown.size()) + " more")));
  }
}
