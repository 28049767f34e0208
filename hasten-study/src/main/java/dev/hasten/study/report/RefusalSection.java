package dev.hasten.study.report;

import static dev.hasten.study.report.Html.each;
import static dev.hasten.study.report.Html.el;
import static dev.hasten.study.report.Html.join;
import static dev.hasten.study.report.Html.text;
import static dev.hasten.study.report.Html.when;

import dev.hasten.graph.rewrite.Refusal;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What was not done, and why: by technique, then by reason. */
final class RefusalSection {
  private static final int NODES = 40;

  private RefusalSection() {}

  static Html render(List<Refusal> refusals) {
    if (refusals.isEmpty()) {
      return el("p.lead", "Nothing was refused.");
    }
    Map<String, List<Refusal>> byRule =
        refusals.stream()
            .distinct()
            .collect(Collectors.groupingBy(Refusal::rule, TreeMap::new, Collectors.toList()));
    return each(byRule.entrySet(), rule -> rule(rule.getKey(), rule.getValue()));
  }

  private static Html rule(String name, List<Refusal> refusals) {
    Map<String, List<String>> byReason =
        refusals.stream()
            .collect(
                Collectors.groupingBy(
                    Refusal::reason,
                    TreeMap::new,
                    Collectors.mapping(Refusal::node, Collectors.toList())));
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
