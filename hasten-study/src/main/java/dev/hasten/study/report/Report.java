package dev.hasten.study.report;

import static dev.hasten.study.report.Html.join;
import static dev.hasten.study.report.Html.text;

import dev.hasten.measure.Placement;
import dev.hasten.runtime.AtomicFiles;
import dev.hasten.study.LayerStudy;
import dev.hasten.study.ProfileResult;
import dev.hasten.study.StudyResult;
import dev.hasten.study.Trial;
import dev.hasten.study.report.Page.Section;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The report of a study.
 *
 * <p>{@code report.html} is one file: style, script, charts and data are within, it loads nothing
 * from anywhere, and all but its two charts reads without JavaScript. {@code report.json} holds the
 * {@link StudyResult} itself.
 */
public final class Report {
  private Report() {}

  /**
   * Writes {@code report.html} and {@code report.json} into {@code folder}, each whole or not at
   * all.
   */
  public static void write(StudyResult study, Path folder) {
    write(folder.resolve("report.json"), StudyResult.toJson(study));
    write(folder.resolve("report.html"), html(study));
  }

  private static void write(Path file, String text) {
    AtomicFiles.write(file, text.getBytes(StandardCharsets.UTF_8));
  }

  /** The page. */
  public static String html(StudyResult study) {
    Optional<Trial> delivered = study.delivered();
    ProfileResult before = study.before();
    Optional<ProfileResult> after = Optional.ofNullable(study.after());
    var sections = new ArrayList<Section>();
    sections.add(
        new Section(
            "frontier", "Frontier", "Speed against quality", FrontierSection.render(study)));
    delivered.ifPresent(trial ->
        sections.add(
            new Section(
                "speed",
                "Speed",
                "How much faster",
                SpeedSection.render(study.baseline(), trial, study.hardware()))));
    LayerStudy layers = study.layers();
    if (layers != null) {
      sections.add(
          new Section(
              "layers",
              "Layers",
              "Which layers bear fewer bits",
              LayerSection.render(study, layers)));
    }
    sections.add(
        new Section(
            "time",
            "Time",
            "Where the time goes",
            OperatorSection.render(
                before.operators(), after.map(ProfileResult::operators).orElse(null))));
    List<Placement> placements = after.map(ProfileResult::placements).orElse(List.of());
    sections.add(
        new Section(
            "limit",
            "Limit",
            "How far from the machine’s limit",
            RooflineSection.render(before.peaks(), before.placements(), placements)));
    sections.add(
        new Section("quality", "Quality", "Does the promise hold?", QualitySection.render(study)));
    sections.add(
        new Section(
            "refused", "Refused", "What was refused, and why", RefusalSection.render(study)));
    sections.add(
        new Section(
            "advice",
            "Advice",
            "What could help",
            join(
                AdviceSection.advice(study.advice()),
                Html.el("h3", "The original in figures"),
                AdviceSection.profile(before))));
    sections.add(new Section("again", "Reproduce", "The same again", MachineSection.render(study)));
    return Page.render(
        study.asked().model() + " – Hasten report",
        Hero.render(study),
        sections,
        text(
            "Made by Hasten "
                + study.hasten()
                + ". This page loads nothing from the network; report.json beside it holds the"
                + " same data for machines."),
        new ChartData(
            FrontierSection.chart(study),
            RooflineSection.chart(before.peaks(), before.placements(), placements)));
  }
}
