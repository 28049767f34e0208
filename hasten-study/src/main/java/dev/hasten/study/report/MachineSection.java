package dev.hasten.study.report;

import static dev.hasten.study.report.Html.el;
import static dev.hasten.study.report.Html.join;
import static dev.hasten.study.report.Html.text;
import static dev.hasten.study.report.Html.when;

import dev.hasten.measure.Hardware;
import dev.hasten.study.StudyResult;
import dev.hasten.study.StudyResult.BundleFile;
import dev.hasten.study.StudyResult.TuningRow;
import dev.hasten.study.Trial;
import java.util.List;
import java.util.stream.Collectors;

/** The machine, the delivered bundle, and how to get the same again. */
final class MachineSection {
  private MachineSection() {}

  static Html render(StudyResult study) {
    return join(
        el(
            "div.asked",
            el("div", el("h3", "Machine"), hardware(study.hardware())),
            el("div", el("h3", "Versions"), versions(study))),
        when(
            !study.commands().isEmpty(),
            join(el("h3", "Commands"), Facts.copyable(String.join("\n", study.commands())))),
        study.delivered().map(MachineSection::recipe).orElse(Html.NOTHING),
        tuning(study.tuning()),
        cost(study),
        files(study.files()));
  }

  static Html hardware(Hardware hardware) {
    var facts =
        new Facts()
            .add("Processor", hardware.processor() + " (" + hardware.architecture() + ")")
            .add("Instructions", hardware.summary())
            .add("Cores", "%d of %d".formatted(hardware.cores(), hardware.machineCores()));
    if (hardware.memoryBytes() > 0) {
      facts.add("Memory", Format.bytes(hardware.memoryBytes()));
    }
    if (!hardware.caches().isEmpty()) {
      facts.add(
          "Caches",
          hardware.caches().stream()
              .map(c ->
                  "L%d %s %s"
                      .formatted(
                          c.level(),
                          c.type().toLowerCase(java.util.Locale.ROOT),
                          Format.bytes(c.bytes())))
              .collect(Collectors.joining(", ")));
    }
    return facts.add("System", hardware.system()).html();
  }

  private static Html versions(StudyResult study) {
    var facts = new Facts().add("Hasten", study.hasten());
    study.versions().forEach(facts::add);
    return facts
        .add(
            "Model",
            join(
                text(study.asked().model() + ", sha256 "), el("code", study.asked().modelSha256())))
        .html();
  }

  private static Html recipe(Trial delivered) {
    return when(
        !delivered.recipe().isEmpty(),
        join(el("h3", "The delivered recipe"), Facts.copyable(Figures.yaml(delivered.recipe()))));
  }

  private static Html tuning(List<TuningRow> tuning) {
    var table =
        Table.of(
            "Settings of the runtime tried for the delivered model, best first",
            Table.words("Setting"),
            Table.number("p50, ms"),
            Table.number("examples per second"));
    for (TuningRow t : tuning) {
      table.row(
          t.chosen() ? "delivered" : "",
          join(
              text(Format.counted(t.threads(), "thread") + ", optimization " + t.optimization()),
              when(t.chosen(), join(text(" "), el("span.mark.kept", "chosen")))),
          text(Format.millis(t.p50())),
          text(Format.number(t.examplesPerSecond())));
    }
    return when(!tuning.isEmpty(), join(el("h3", "Run-time settings"), table.html()));
  }

  private static Html cost(StudyResult study) {
    var table =
        Table.of(
            "Each in a process of its own",
            Table.words("Model"),
            Table.number("file"),
            Table.number("peak memory"),
            Table.number("model and session"),
            Table.number("load"),
            Table.number("first answer"));
    boolean any = false;
    for (Trial trial : study.all()) {
      Trial.MemoryUse memory = trial.memory();
      if (memory == null) {
        continue;
      }
      any = true;
      table.row(
          FrontierSection.isDelivered(trial, study) ? "delivered" : "",
          text(trial.label()),
          text(Format.bytes(trial.fileBytes())),
          text(Format.bytes(memory.peakBytes())),
          text(Format.bytes(memory.modelBytes())),
          text(Format.duration(memory.load())),
          text(Format.duration(memory.firstAnswer())));
    }
    return when(any, join(el("h3", "Size, memory and start-up"), table.html()));
  }

  private static Html files(List<BundleFile> files) {
    var table = Table.of("", Table.words("File"), Table.number("size"), Table.words("SHA-256"));
    for (BundleFile file : files) {
      table.row(
          el("code", file.name()),
          text(Format.bytes(file.bytes())),
          el("code.soft", file.sha256()));
    }
    return when(!files.isEmpty(), join(el("h3", "The bundle"), table.html()));
  }
}
