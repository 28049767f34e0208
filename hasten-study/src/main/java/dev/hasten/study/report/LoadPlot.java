package dev.hasten.study.report;

import static dev.hasten.study.report.Html.attr;
import static dev.hasten.study.report.Html.el;
import static dev.hasten.study.report.Html.text;

import dev.hasten.study.tune.LoadPoint;
import dev.hasten.study.tune.TuneResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** Latency (p50, p99) over answers in time, as an SVG; the goal is a line, the knee is marked. */
final class LoadPlot {
  private static final double WIDTH = 640;
  private static final double HEIGHT = 320;
  private static final double LEFT = 56;
  private static final double BOTTOM = 40;
  private static final double TOP = 12;
  private static final int TICKS = 4;

  private final TuneResult result;
  private final double mostRate;
  private final double mostMillis;

  private LoadPlot(TuneResult result) {
    this.result = result;
    this.mostRate = 1.05 * result.curve().stream().mapToDouble(LoadPoint::goodput).max().orElse(1);
    double slowest = result.curve().stream().mapToDouble(p -> millis(p.p99())).max().orElse(1);
    this.mostMillis = 1.1 * Math.max(slowest, millis(result.goal()));
  }

  static Html draw(TuneResult result) {
    return new LoadPlot(result).draw();
  }

  private static double millis(Duration duration) {
    return duration.toNanos() / 1e6;
  }

  private Html draw() {
    List<Html> parts = new ArrayList<>();
    for (int i = 0; i <= TICKS; i++) {
      double rate = mostRate * i / TICKS;
      double latency = mostMillis * i / TICKS;
      parts.add(label(x(rate), HEIGHT - BOTTOM + 18, "middle", Format.number(rate)));
      parts.add(label(LEFT - 6, y(latency) + 4, "end", Format.number(latency)));
      parts.add(line(LEFT, y(latency), WIDTH, y(latency), "var(--rule)", ""));
    }
    parts.add(label(WIDTH, HEIGHT - 4, "end", "answers in time, a second"));
    parts.add(label(LEFT + 4, TOP + 8, "start", "ms"));
    double goal = y(millis(result.goal()));
    parts.add(line(LEFT, goal, WIDTH, goal, "var(--bad)", "4 4"));
    parts.add(label(WIDTH, goal - 5, "end", "goal"));
    parts.add(path(LoadPoint::p50, "var(--before)"));
    parts.add(path(LoadPoint::p99, "var(--accent)"));
    parts.add(named(LoadPoint::p50, "p50"));
    parts.add(named(LoadPoint::p99, "p99"));
    result
        .knee()
        .ifPresent(knee -> {
          double at = x(knee.goodput());
          parts.add(line(at, TOP, at, HEIGHT - BOTTOM, "var(--open)", "2 3"));
          parts.add(label(at - 4, TOP + 8, "end", "knee"));
        });
    return el(
        "svg",
        attr("viewBox", "0 0 %.0f %.0f".formatted(WIDTH + 8, HEIGHT)),
        attr("role", "img"),
        attr("style", "width:100%;max-width:44rem;height:auto"),
        attr("aria-label", "Latency over answers in time; the table below has the figures."),
        Html.join(parts));
  }

  private double x(double rate) {
    return LEFT + (WIDTH - LEFT) * rate / mostRate;
  }

  private double y(double latency) {
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * latency / mostMillis;
  }

  private Html path(Function<LoadPoint, Duration> which, String color) {
    StringBuilder points = new StringBuilder();
    for (LoadPoint point : result.curve()) {
      points.append(number(x(point.goodput()))).append(',');
      points.append(number(y(millis(which.apply(point))))).append(' ');
    }
    return el(
        "polyline",
        attr("points", points.toString().strip()),
        attr("fill", "none"),
        attr("stroke", color),
        attr("stroke-width", "2"));
  }

  private Html named(Function<LoadPoint, Duration> which, String name) {
    LoadPoint first = result.curve().getFirst();
    return label(x(first.goodput()), y(millis(which.apply(first))) - 6, "start", name);
  }

  private static Html line(
      double x1, double y1, double x2, double y2, String color, String dashes) {
    return el(
        "line",
        attr("x1", number(x1)),
        attr("y1", number(y1)),
        attr("x2", number(x2)),
        attr("y2", number(y2)),
        attr("stroke", color),
        attr("stroke-dasharray", dashes));
  }

  private static Html label(double x, double y, String anchor, String what) {
    return el(
        "text",
        attr("x", number(x)),
        attr("y", number(y)),
        attr("text-anchor", anchor),
        attr("fill", "var(--soft)"),
        attr("font-size", "12"),
        text(what));
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
