package dev.hasten.study.report;

import static dev.hasten.study.report.Html.attr;
import static dev.hasten.study.report.Html.el;
import static dev.hasten.study.report.Html.join;
import static dev.hasten.study.report.Html.text;
import static dev.hasten.study.report.Html.when;

import dev.hasten.runtime.AtomicFiles;
import dev.hasten.study.report.Page.Section;
import dev.hasten.study.tune.LoadPoint;
import dev.hasten.study.tune.TuneResult;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What {@code hasten tune} found, as a page: latency against throughput, and every setting. */
public final class TunePage {
  private TunePage() {}

  /** Writes the page, whole or not at all. */
  public static void write(TuneResult result, Path html) {
    AtomicFiles.write(html, html(result));
  }

  /** The page. */
  public static String html(TuneResult result) {
    List<Section> sections = new ArrayList<>();
    if (!result.curve().isEmpty()) {
      sections.add(new Section("load", "Load", "Latency against throughput", curve(result)));
    }
    sections.add(new Section("settings", "Settings", "All that was tried", tried(result)));
    sections.add(new Section("how", "How", "How it was measured", how(result)));
    return Page.render(
        result.bundle() + " – Hasten tuning",
        head(result),
        sections,
        text("Made by Hasten; this page loads nothing from the network."),
        new ChartData(null, null));
  }

  private static Html head(TuneResult result) {
    String claim =
        result
            .chosen()
            .map(c ->
                "%s requests a second, 99 of 100 answered within %s: %s."
                    .formatted(
                        Format.number(c.capacity()),
                        Format.duration(result.goal()),
                        c.setting().text()))
            .orElse(
                "No setting answers 99 of 100 requests within "
                    + Format.duration(result.goal())
                    + ".");
    return el(
        "section.hero",
        attr("aria-labelledby", "title"),
        el("div.title", el("h1", attr("id", "title"), text(result.bundle()))),
        el("p.claim", claim),
        el(
            "p.soft",
            "On %s, %s, by open-loop load with natural inputs."
                .formatted(result.hardware().processor(), Format.counted(result.cores(), "core"))));
  }

  private static Html curve(TuneResult result) {
    var table =
        Table.of(
            "The chosen setting at rising load",
            Table.number("requests a second"),
            Table.number("answered in time"),
            Table.number("share"),
            Table.number("p50, ms"),
            Table.number("p99, ms"));
    for (LoadPoint point : result.curve()) {
      table.row(
          result.knee().filter(point::equals).isPresent() ? "delivered" : "",
          text(Format.number(point.offered())),
          text(Format.number(point.goodput())),
          text(Format.percent(point.inTime())),
          text(Format.millis(point.p50())),
          text(Format.millis(point.p99())));
    }
    return join(
        el(
            "p.lead",
            result
                .knee()
                .map(k ->
                    "The knee: at %s requests a second the goal is just kept; beyond it requests are refused rather than answered late."
                        .formatted(Format.number(k.offered())))
                .orElse("The goal was kept at no load of the picture: it is a close call.")),
        LoadPlot.draw(result),
        table.html());
  }

  private static Html tried(TuneResult result) {
    var table =
        Table.of(
            "Most requests a second, 99 of 100 within " + Format.duration(result.goal()),
            Table.words("Instances × threads"),
            Table.words("batches"),
            Table.number("requests a second"),
            Table.number("p50, ms"),
            Table.number("p99, ms"),
            Table.number("rounds"));
    for (TuneResult.Tried tried : result.tried()) {
      LoadPoint point = tried.best() == null ? tried.lowest() : tried.best();
      table.row(
          result.chosen().filter(tried::equals).isPresent() ? "delivered" : "",
          text(tried.setting().instances() + " × " + tried.setting().threads()),
          text(tried.setting().policyText()),
          text(tried.best() == null ? "none" : Format.number(tried.capacity())),
          text(Format.millis(point.p50())),
          text(Format.millis(point.p99())),
          text(Format.count(tried.rounds())));
    }
    return table.html();
  }

  private static Html how(TuneResult result) {
    return join(
        el(
            "p",
            "Requests arrive as a Poisson process whether or not earlier ones are answered; a"
                + " request's time counts from the moment at which it was to arrive. A refused"
                + " request counts as not answered. Settings that did best went on to further"
                + " rounds, with longer loads. The driver ran in the same process, on the same"
                + " cores."),
        when(
            !result.notes().isEmpty(),
            el("ul", Html.each(result.notes(), note -> el("li", note)))));
  }
}
