package dev.hasten.study.report;

import static dev.hasten.study.report.Html.attr;
import static dev.hasten.study.report.Html.el;
import static dev.hasten.study.report.Html.join;
import static dev.hasten.study.report.Html.text;
import static dev.hasten.study.report.Html.when;

import dev.hasten.measure.Peaks;
import dev.hasten.measure.Placement;
import dev.hasten.measure.Placement.Bound;
import dev.hasten.study.report.ChartData.Peak;
import dev.hasten.study.report.ChartData.Placed;
import dev.hasten.study.report.ChartData.RooflineChart;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** How far each operator is from what the machine allows. */
final class RooflineSection {
  private static final int OPERATORS = 10;
  private static final int POINTS = 150;

  private RooflineSection() {}

  /** All placed nodes of one type. */
  private record Group(String opType, List<Placement> nodes) {
    double seconds() {
      return RooflineSection.seconds(nodes);
    }

    double limit() {
      return RooflineSection.limit(nodes);
    }

    double flops() {
      return nodes.stream().mapToDouble(Placement::flops).sum();
    }

    double bytes() {
      return nodes.stream().mapToDouble(Placement::bytes).sum();
    }

    String bound() {
      long compute = nodes.stream().filter(n -> n.bound() == Bound.COMPUTE).count();
      return compute * 2 > nodes.size() ? "arithmetic" : "memory";
    }
  }

  static Html render(Peaks peaks, List<Placement> before, List<Placement> after) {
    List<Placement> now = known(after.isEmpty() ? before : after);
    if (now.isEmpty()) {
      return el("p.lead", "No operator could be placed: its operations or bytes are unknown.");
    }
    return join(el("p.lead", finding(peaks, now)), drawing(!after.isEmpty()), table(now));
  }

  private static Html drawing(boolean both) {
    return join(
        el(
            "ul.key.needs-js",
            el("li", el("i"), text("original")),
            when(both, el("li", el("i.after"), text("delivered"))),
            el("li", "larger: more of the run's time")),
        el(
            "div#roofline-chart.chart",
            attr("role", "img"),
            attr(
                "aria-label",
                "Operators by operations per byte and operations per second, under this machine's"
                    + " measured ceilings. The table below holds the same figures.")));
  }

  private static String finding(Peaks peaks, List<Placement> now) {
    String ceilings =
        "Measured on this machine with %s: %s in fp32, %s in int8, %s from memory."
            .formatted(
                Format.counted(peaks.threads(), "thread"),
                Format.rate(peaks.fp32FlopsPerSecond(), "FLOP/s"),
                Format.rate(peaks.int8OpsPerSecond(), "op/s"),
                Format.rate(peaks.bytesPerSecond(), "B/s"));
    double seconds = seconds(now);
    if (seconds == 0) {
      return ceilings;
    }
    return ceilings
        + " The operators placed here take %s; at the machine's limit they would take %s: %s of it is reached."
            .formatted(
                duration(seconds), duration(limit(now)), Format.percent(limit(now) / seconds));
  }

  private static Html table(List<Placement> now) {
    Map<String, List<Placement>> byType = new TreeMap<>();
    now.forEach(p -> byType.computeIfAbsent(p.opType(), t -> new ArrayList<>()).add(p));
    var table =
        Table.of(
            "By operator type, dearest first",
            Table.words("Operator"),
            Table.number("ms"),
            Table.number("operations per byte"),
            Table.number("reached"),
            Table.number("of the limit"),
            Table.words("limited by"));
    byType.entrySet().stream()
        .map(e -> new Group(e.getKey(), e.getValue()))
        .sorted(Comparator.comparingDouble(Group::seconds).reversed())
        .limit(OPERATORS)
        .forEach(g ->
            table.row(
                el("code", g.opType()),
                text(Format.number(g.seconds() * 1e3)),
                text(Format.number(g.flops() / g.bytes())),
                text(Format.rate(g.flops() / g.seconds(), "op/s")),
                text(Format.percent(g.limit() / g.seconds())),
                text(g.bound())));
    return table.html();
  }

  static @Nullable RooflineChart chart(Peaks peaks, List<Placement> before, List<Placement> after) {
    var points = new ArrayList<Placed>();
    points.addAll(points("before", before));
    points.addAll(points("after", after));
    if (points.isEmpty()) {
      return null;
    }
    return new RooflineChart(
        peaks.bytesPerSecond(),
        List.of(
            new Peak(
                "fp32 " + Format.rate(peaks.fp32FlopsPerSecond(), "FLOP/s"),
                peaks.fp32FlopsPerSecond()),
            new Peak(
                "int8 " + Format.rate(peaks.int8OpsPerSecond(), "op/s"), peaks.int8OpsPerSecond())),
        points);
  }

  private static List<Placed> points(String phase, List<Placement> placements) {
    List<Placement> known = known(placements);
    double total = seconds(known);
    return known.stream()
        .sorted(Comparator.comparing(Placement::time).reversed())
        .limit(POINTS)
        .map(p ->
            new Placed(
                phase,
                p.intensity(),
                p.flops() / seconds(p.time()),
                seconds(p.time()) / total,
                List.of(
                    p.opType(),
                    p.node(),
                    "%s, %s of the run"
                        .formatted(
                            Format.duration(p.time()), Format.percent(seconds(p.time()) / total)),
                    "%s, %s of the limit"
                        .formatted(
                            Format.rate(p.flops() / seconds(p.time()), "op/s"),
                            Format.percent(p.share())))))
        .toList();
  }

  /** Only what has operations, bytes and a time can stand on logarithmic axes. */
  private static List<Placement> known(List<Placement> placements) {
    return placements.stream()
        .filter(p -> p.bound() != Bound.UNKNOWN)
        .filter(p -> p.flops() > 0 && p.bytes() > 0 && !p.time().isZero())
        .toList();
  }

  private static double seconds(List<Placement> placements) {
    return placements.stream().mapToDouble(p -> seconds(p.time())).sum();
  }

  private static double limit(List<Placement> placements) {
    return placements.stream().mapToDouble(Placement::limitSeconds).sum();
  }

  private static double seconds(Duration time) {
    return time.toNanos() / 1e9;
  }

  private static String duration(double seconds) {
    return Format.duration(Duration.ofNanos(Math.round(seconds * 1e9)));
  }
}
