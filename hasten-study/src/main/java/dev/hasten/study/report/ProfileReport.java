package dev.hasten.study.report;

import static dev.hasten.study.report.Html.attr;
import static dev.hasten.study.report.Html.el;
import static dev.hasten.study.report.Html.join;
import static dev.hasten.study.report.Html.text;

import dev.hasten.measure.Hardware;
import dev.hasten.runtime.AtomicFiles;
import dev.hasten.study.Advice;
import dev.hasten.study.ProfileDetail;
import dev.hasten.study.ProfileResult;
import dev.hasten.study.report.Page.Section;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A profile as a page: where the time of one model goes, how far that is from the limit, advice.
 */
public final class ProfileReport {
  private ProfileReport() {}

  /** Writes the page, whole or not at all. */
  public static void write(
      ProfileResult profile,
      @Nullable ProfileDetail detail,
      List<Advice> advice,
      Hardware hardware,
      Path html) {
    AtomicFiles.write(html, html(profile, detail, advice, hardware));
  }

  /**
   * The page.
   *
   * @param detail what a profile holds beyond what a study keeps; null where only that is there
   */
  public static String html(
      ProfileResult profile,
      @Nullable ProfileDetail detail,
      List<Advice> advice,
      Hardware hardware) {
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
    List<Section> sections = new ArrayList<>();
    if (detail != null && detail.generated()) {
      sections.add(
          new Section("inputs", "Inputs", "What it was run on", DetailSection.inputs(detail)));
    }
    sections.add(new Section("advice", "Advice", "What could help", AdviceSection.advice(advice)));
    sections.add(
        new Section(
            "time",
            "Time",
            "Where the time goes",
            OperatorSection.render(profile.operators(), null)));
    if (detail != null && !detail.blocks().isEmpty()) {
      sections.add(new Section("blocks", "Blocks", "Time by block", DetailSection.blocks(detail)));
    }
    sections.add(
        new Section(
            "limit",
            "Limit",
            "How far from the machine’s limit",
            RooflineSection.render(profile.peaks(), profile.placements(), List.of())));
    sections.add(
        new Section(
            "figures",
            "Figures",
            "The model in figures",
            join(
                detail == null ? Html.NOTHING : DetailSection.growth(detail),
                AdviceSection.profile(profile))));
    sections.add(
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
