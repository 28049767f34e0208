package dev.hasten.cli;

import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.Bundle;
import dev.hasten.study.Budget;
import dev.hasten.study.LayerErrors;
import dev.hasten.study.Progress;
import dev.hasten.study.Quality;
import dev.hasten.study.Slowness;
import dev.hasten.study.SpeedRow;
import dev.hasten.study.Study;
import dev.hasten.study.Trial;
import dev.hasten.study.Workload;
import dev.hasten.study.report.LayersPage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hasten compare}. */
@Command(
    name = "compare",
    description = "Quality and speed of two models side by side, in one run.",
    mixinStandardHelpOptions = true,
    footer = {
      "%nA and B are ONNX files or bundles; data, input pipeline, metric and rows are the workload's.",
      "%nExamples:",
      "  hasten compare model.onnx bundle --workload workload.yaml",
      "  hasten compare old.onnx new.onnx --workload workload.yaml --max-drop 1%%",
      "  hasten compare model.onnx int8.onnx --workload workload.yaml --per-layer --html layers.html",
      "  hasten compare model.onnx int8.onnx --workload workload.yaml --explain",
      "%nExit code 1: --max-drop was given, and B is not shown to keep it."
    })
final class CompareCommand implements Callable<Integer> {
  @Parameters(
      index = "0",
      paramLabel = "A",
      description = "The reference: an ONNX file or a bundle.")
  private Path first = Path.of("");

  @Parameters(index = "1", paramLabel = "B", description = "The other: an ONNX file or a bundle.")
  private Path second = Path.of("");

  @Option(
      names = "--workload",
      required = true,
      paramLabel = "WORKLOAD",
      description = "Where data, input pipeline, metric and rows come from.")
  private Path workload = Path.of("");

  @Option(
      names = "--max-drop",
      paramLabel = "DROP",
      description = "Largest drop of quality from A to B, 1%% or 0.01; decides the exit code.")
  private @Nullable String maxDrop;

  @Option(
      names = "--time",
      paramLabel = "TIME",
      description = "Time for the speed of each row (default: ${DEFAULT-VALUE}).")
  private String time = "10s";

  @Option(
      names = "--per-layer",
      description =
          "Instead: where the error enters. The signal-to-noise ratio of every inner value that"
              + " both have, the worst examples, and what to try.")
  private boolean perLayer;

  @Option(
      names = "--explain",
      description =
          "Instead: why B is slow, or not as fast as it could be, by what the runtime executes of"
              + " both; which layers to leave in floating point.")
  private boolean explain;

  @Option(
      names = "--examples",
      paramLabel = "N",
      description = "With --per-layer: how many examples (default: ${DEFAULT-VALUE}).")
  private int examples = 64;

  @Option(
      names = "--html",
      paramLabel = "FILE",
      description = "With --per-layer: write a page to look at, too.")
  private @Nullable Path html;

  @Option(names = "--quiet", description = "No progress.")
  private boolean quiet;

  @Mixin private Output output;

  record Report(Trial a, Trial b) {}

  @Override
  public Integer call() {
    Workload asked = Workload.read(workload);
    if (maxDrop != null) {
      asked = asked.withMaxDrop(Fractions.parse("--max-drop", maxDrop));
    }
    if (html != null && !perLayer) {
      throw new BadInputException("--html: there is no page (expected: --per-layer with it)");
    }
    Duration perRow = Budget.parse("--time", time).total();
    try (Opened a = Opened.of(first);
        Opened b = Opened.of(second)) {
      if (perLayer && explain) {
        throw new BadInputException("--per-layer, --explain: both given (expected: one of them)");
      }
      if (explain) {
        Slowness slowness = Slowness.of(asked, a.model(), b.model());
        output.print(slowness, () -> SlowText.of(slowness));
        return Main.Exit.DONE;
      }
      if (perLayer) {
        return layers(asked, a.model(), b.model());
      }
      List<Trial> both = compare(asked, a.model(), b.model(), perRow);
      Report report = new Report(both.getFirst(), both.getLast());
      output.print(report, () -> text(report));
      Quality quality = report.b().validate();
      boolean kept = quality != null && quality.verdict() == Quality.Verdict.KEPT;
      return maxDrop == null || kept ? Main.Exit.DONE : Main.Exit.GOAL_NOT_MET;
    }
  }

  private int layers(Workload asked, Path a, Path b) {
    if (examples < 1) {
      throw new BadInputException("--examples: " + examples + " (expected: >= 1)");
    }
    LayerErrors errors = watched(progress -> LayerErrors.of(asked, a, b, examples, progress));
    if (html != null) {
      LayersPage.write(errors, html);
    }
    output.print(
        errors, () -> LayersText.of(errors) + (html == null ? "" : "\nPage  " + html + "\n"));
    return Main.Exit.DONE;
  }

  private <T> T watched(Function<Progress, T> work) {
    if (quiet) {
      return work.apply(Progress.NONE);
    }
    try (ConsoleProgress progress = ConsoleProgress.start("compare")) {
      return work.apply(progress);
    }
  }

  private List<Trial> compare(Workload asked, Path a, Path b, Duration perRow) {
    return watched(progress -> Study.compare(asked, a, b, perRow, progress));
  }

  private String text(Report report) {
    Table rows =
        new Table(
            "batch × length × threads",
            "p50 of A",
            "p50 of B",
            "B is faster",
            "95 % interval",
            "noise");
    for (int i = 0; i < report.b().speed().size(); i++) {
      SpeedRow a = report.a().speed().get(i);
      SpeedRow b = report.b().speed().get(i);
      rows.row(
          Summary.row(b.row()),
          Units.millis(a.p50()),
          Units.millis(b.p50()),
          Units.times(b.speedup().estimate()) + (b.drowned() ? " (in the noise)" : ""),
          Summary.range(b.speedup(), "%.2f"),
          Summary.range(b.noise(), "%.2f"));
    }
    StringBuilder text =
        new StringBuilder("A  " + first + ", " + Units.bytes(report.a().fileBytes()) + "\n")
            .append("B  " + second + ", " + Units.bytes(report.b().fileBytes()) + "\n\n")
            .append(rows)
            .append('\n');
    Quality quality = report.b().validate();
    if (quality != null) {
      text.append(
          String.format(
              Locale.ROOT,
              "%s on %d examples: A %.4f, B %.4f; %s%n",
              quality.metric(),
              quality.examples(),
              quality.original(),
              quality.candidate(),
              quality.text()));
    }
    return text.toString();
  }

  /** A model file as it is, or the one inside a bundle. */
  private record Opened(Path model, @Nullable Bundle bundle) implements AutoCloseable {
    static Opened of(Path path) {
      boolean plain = Files.isRegularFile(path) && !path.toString().endsWith(".zip");
      if (plain || Files.notExists(path)) {
        return new Opened(path, null);
      }
      Bundle bundle = Bundle.open(path);
      return new Opened(bundle.model(), bundle);
    }

    @Override
    public void close() {
      if (bundle != null) {
        bundle.close();
      }
    }
  }
}
