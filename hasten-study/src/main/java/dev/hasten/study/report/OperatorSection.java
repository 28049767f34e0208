package dev.hasten.study.report;

import static dev.hasten.study.report.Html.attr;
import static dev.hasten.study.report.Html.el;
import static dev.hasten.study.report.Html.join;
import static dev.hasten.study.report.Html.text;

import dev.hasten.measure.OperatorProfile;
import dev.hasten.measure.OperatorProfile.NodeTime;
import dev.hasten.measure.OperatorProfile.OperatorTime;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Where the time of a run goes, per operator type and per node, before and after. */
final class OperatorSection {
  private static final int OPERATORS = 12;
  private static final int NODES = 12;

  private OperatorSection() {}

  /** One operator type in both models; zero where a model has none of it. */
  private record Pair(
      String opType, Duration before, Duration after, int nodesBefore, int nodesAfter) {
    Duration longer() {
      return before.compareTo(after) > 0 ? before : after;
    }

    static Pair sum(String opType, List<Pair> pairs) {
      return new Pair(
          opType,
          pairs.stream().map(Pair::before).reduce(Duration.ZERO, Duration::plus),
          pairs.stream().map(Pair::after).reduce(Duration.ZERO, Duration::plus),
          pairs.stream().mapToInt(Pair::nodesBefore).sum(),
          pairs.stream().mapToInt(Pair::nodesAfter).sum());
    }
  }

  static Html render(OperatorProfile before, @Nullable OperatorProfile after) {
    return join(
        el("p.lead", finding(before, after)),
        after == null ? Html.NOTHING : key(),
        operators(before, after),
        after == null
            ? nodes("The dearest nodes", before)
            : join(
                nodes("The dearest nodes of the delivered model", after),
                el(
                    "details",
                    el("summary", "The dearest nodes of the original"),
                    nodes("", before))));
  }

  private static String finding(OperatorProfile before, @Nullable OperatorProfile after) {
    String original = sentence(before);
    return after == null
        ? "Of each run, " + original + "."
        : "Before, " + original + ". Now, " + sentence(after) + ".";
  }

  private static String sentence(OperatorProfile profile) {
    if (profile.operators().isEmpty()) {
      return "the profiler saw no operator";
    }
    OperatorTime dearest = profile.operators().getFirst();
    return "%s takes %s of %s"
        .formatted(
            dearest.opType(), Format.percent(dearest.share()), Format.duration(profile.run()));
  }

  private static Html key() {
    return el(
        "ul.key", el("li", el("i"), text("original")), el("li", el("i.after"), text("delivered")));
  }

  private static Html operators(OperatorProfile before, @Nullable OperatorProfile after) {
    List<Pair> pairs = pairs(before, after);
    List<Pair> shown = pairs.subList(0, Math.min(OPERATORS, pairs.size()));
    List<Pair> rest = pairs.subList(shown.size(), pairs.size());
    double longest = shown.stream().mapToDouble(p -> p.longer().toNanos()).max().orElse(1);
    var table =
        after == null
            ? Table.of(
                "Milliseconds per run, by operator type as the runtime executed it",
                Table.words("Operator"),
                Table.number("nodes"),
                Table.number("ms"),
                Table.drawn(""))
            : Table.of(
                "Milliseconds per run, by operator type as the runtime executed it",
                Table.words("Operator"),
                Table.number("nodes"),
                Table.number("original, ms"),
                Table.number("delivered, ms"),
                Table.drawn(""));
    for (Pair pair : shown) {
      row(table, pair, after != null, longest);
    }
    if (!rest.isEmpty()) {
      row(table, Pair.sum(rest.size() + " other operators", rest), after != null, longest);
    }
    return table.html();
  }

  private static void row(Table table, Pair pair, boolean both, double longest) {
    Html name = el("code", pair.opType());
    if (both) {
      table.row(
          name,
          text(
              pair.nodesBefore() == pair.nodesAfter()
                  ? Format.count(pair.nodesAfter())
                  : pair.nodesBefore() + " → " + pair.nodesAfter()),
          text(millisOrNone(pair.before())),
          text(millisOrNone(pair.after())),
          el(
              "div.pair",
              bar("div.bar", pair.before(), longest),
              bar("div.bar.after", pair.after(), longest)));
    } else {
      table.row(
          name,
          text(Format.count(pair.nodesBefore())),
          text(millisOrNone(pair.before())),
          el("div.pair", bar("div.bar", pair.before(), longest)));
    }
  }

  private static String millisOrNone(Duration time) {
    return time.isZero() ? "–" : Format.millis(time);
  }

  static Html bar(String selector, Duration time, double longest) {
    // A trace of colour for what is short, none for what is not there.
    double percent = time.isZero() ? 0 : Math.clamp(100 * time.toNanos() / longest, 0.4, 100);
    return el(
        selector,
        attr("aria-hidden", "true"),
        attr("style", String.format(Locale.ROOT, "width:%.2f%%", percent)));
  }

  private static List<Pair> pairs(OperatorProfile before, @Nullable OperatorProfile after) {
    Map<String, Pair> byType = new TreeMap<>();
    for (OperatorTime o : before.operators()) {
      byType.put(o.opType(), new Pair(o.opType(), o.perRun(), Duration.ZERO, o.nodes(), 0));
    }
    if (after != null) {
      for (OperatorTime o : after.operators()) {
        byType.merge(
            o.opType(),
            new Pair(o.opType(), Duration.ZERO, o.perRun(), 0, o.nodes()),
            (was, is) -> Pair.sum(o.opType(), List.of(was, is)));
      }
    }
    return byType.values().stream().sorted(Comparator.comparing(Pair::longer).reversed()).toList();
  }

  private static Html nodes(String title, OperatorProfile profile) {
    var table =
        Table.of(
            "Mean of " + Format.count(profile.runs()) + " runs",
            Table.words("Node"),
            Table.words("operator"),
            Table.number("ms"),
            Table.number("share"));
    for (NodeTime n : profile.nodes().stream().limit(NODES).toList()) {
      table.row(
          el("code", n.node()),
          el("code", n.opType()),
          text(Format.millis(n.perRun())),
          text(Format.percent(n.share())));
    }
    return join(title.isEmpty() ? Html.NOTHING : el("h3", title), table.html());
  }
}
