package dev.hasten.study.report;

import static dev.hasten.study.report.Html.attr;
import static dev.hasten.study.report.Html.el;
import static dev.hasten.study.report.Html.text;

import dev.hasten.measure.Hardware;
import dev.hasten.runtime.AtomicFiles;
import dev.hasten.study.Advice;
import dev.hasten.study.ProfileResult;
import dev.hasten.study.report.Page.Section;
import java.nio.file.Path;
import java.util.List;

/**
 * A profile as a page: where the time of one model goes, how far that is from the limit, advice.
 */
public final class ProfileReport {
  private ProfileReport() {}

  /** Writes the page, whole or not at all. */
  public static void write(
      ProfileResult profile, List<Advice> advice, Hardware hardware, Path html) {
    AtomicFiles.write(html, html(profile, advice, hardware));
  }

  /** The page. */
  public static String html(ProfileResult profile, List<Advice> advice, Hardware hardware) {
    Html head =
        el(
            "section.hero",
            attr("aria-labelledby", "title"),
            el("div.title", el("h1", attr("id", "title"), text(profile.model()))),
            el(
                "p.claim",
                el("span.win", Format.duration(profile.latency())),
                text(" a call at " + Figures.row(profile.row()) + ".")),
            el("p.lead.measured", "Measured on " + Figures.processor(hardware)));
    List<Section> sections =
        List.of(
            new Section("advice", "Advice", "What could help", AdviceSection.advice(advice)),
            new Section(
                "time",
                "Time",
                "Where the time goes",
                OperatorSection.render(profile.operators(), null)),
            new Section(
                "limit",
                "Limit",
                "How far from the machine’s limit",
                RooflineSection.render(profile.peaks(), profile.placements(), List.of())),
            new Section(
                "figures", "Figures", "The model in figures", AdviceSection.profile(profile)),
            new Section("machine", "Machine", "The machine", MachineSection.hardware(hardware)));
    return Page.render(
        profile.model() + " – Hasten profile",
        head,
        sections,
        text("Made by Hasten. This page loads nothing from the network."),
        new ChartData(
            null, RooflineSection.chart(profile.peaks(), profile.placements(), List.of())));
  }
}
