package dev.hasten.cli;

import dev.hasten.measure.Content;
import dev.hasten.measure.DataFormat;
import dev.hasten.measure.DataSpec;
import dev.hasten.measure.Dataset;
import dev.hasten.measure.LabeledExample;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.Bundle;
import dev.hasten.runtime.Cores;
import dev.hasten.runtime.EnvironmentException;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.study.Budget;
import dev.hasten.study.Progress;
import dev.hasten.study.Sizes;
import dev.hasten.study.Workload;
import dev.hasten.study.report.TunePage;
import dev.hasten.study.tune.LoadPoint;
import dev.hasten.study.tune.TuneResult;
import dev.hasten.study.tune.Tuner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hasten tune}. */
@Command(
    name = "tune",
    description =
        "Finds by real load the settings with which a bundle answers most requests on this machine,"
            + " and writes them into it.",
    mixinStandardHelpOptions = true,
    footer = {
      "%nRequests of natural inputs arrive as a Poisson process; a setting's measure is the most requests a second of which 99 of 100 are answered within --p99. The plot goes into the bundle as tune.html.",
      "%nExamples:",
      "  hasten tune bundle --workload workload.yaml",
      "  hasten tune bundle --data texts.jsonl --p99 50ms --memory 2g",
      "  hasten tune bundle --data rows.csv --cores 1 --budget 5m --dry-run",
      "%nExit code 1: no setting keeps the goal; the bundle is left as it was."
    })
final class TuneCommand implements Callable<Integer> {
  static final String REPORT = "tune.html";

  /** Examples that are drawn from. */
  private static final int MOST = 2_000;

  @Parameters(paramLabel = "BUNDLE", description = "The bundle (folder or zip) to tune.")
  private Path bundle = Path.of("");

  @Option(
      names = "--workload",
      paramLabel = "WORKLOAD",
      description = "The workload that the bundle was made for: its data are the requests.")
  private @Nullable Path workload;

  @Option(
      names = "--data",
      paramLabel = "FILE",
      description =
          "Instead: examples as the requests will be, in any form that a workload's data may have.")
  private @Nullable Path data;

  @Option(
      names = "--field",
      split = ",",
      paramLabel = "NAME",
      description =
          "With --data: the field that holds the input; of tensors, several. Default: text, image,"
              + " audio, or the model's inputs.")
  private List<String> fields = List.of();

  @Option(
      names = "--p99",
      paramLabel = "TIME",
      description =
          "Within which 99 of 100 requests are to be answered, 50ms. Default: ten times a single"
              + " call. Becomes the bundle's deadline.")
  private @Nullable String p99;

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      description = "Most memory of the model and its runs, 2g. Default: no limit.")
  private @Nullable String memory;

  @Option(
      names = "--cores",
      paramLabel = "N",
      description = "Cores that may be used. Default: all that this process is given.")
  private int cores;

  @Option(
      names = "--budget",
      paramLabel = "TIME",
      description = "How long it may take, about (default: ${DEFAULT-VALUE}).")
  private String budget = "2m";

  @Option(names = "--dry-run", description = "Measure and print; leave the bundle as it is.")
  private boolean dryRun;

  @Option(names = "--quiet", description = "No progress.")
  private boolean quiet;

  @Mixin private Output output;

  /** For machines. */
  record Report(
      String bundle,
      String processor,
      int cores,
      Duration goal,
      long memoryBytes,
      long modelBytes,
      List<Row> tried,
      List<LoadPoint> curve,
      boolean goalKept,
      boolean written,
      List<String> notes) {
    static Report of(TuneResult result, boolean written) {
      return new Report(
          result.bundle(),
          result.hardware().processor(),
          result.cores(),
          result.goal(),
          result.memoryBytes(),
          result.modelBytes(),
          result.tried().stream().map(Row::of).toList(),
          result.curve(),
          result.tuning().isPresent(),
          written,
          result.notes());
    }
  }

  /** A setting; the first is the chosen one if the goal is kept. */
  record Row(
      int instances,
      int threads,
      int maxBatch,
      String batches,
      double requestsPerSecond,
      LoadPoint at,
      int rounds) {
    static Row of(TuneResult.Tried tried) {
      return new Row(
          tried.setting().instances(),
          tried.setting().threads(),
          tried.setting().maxBatch(),
          tried.setting().policyText(),
          tried.capacity(),
          tried.best() == null ? tried.lowest() : tried.best(),
          tried.rounds());
    }
  }

  @Override
  public Integer call() {
    Optional<Duration> goal =
        Optional.ofNullable(p99).map(time -> Budget.parse("--p99", time).total());
    long bytes = memory == null ? 0 : Sizes.parse("--memory", memory);
    Duration time = Budget.parse("--budget", budget).total();
    if (cores < 0) {
      throw new BadInputException("--cores: " + cores + " (expected: >= 1)");
    }
    if (cores > Cores.available()) {
      throw new BadInputException(
          "--cores: %d (expected: 1 to %d, what this process is given)"
              .formatted(cores, Cores.available()));
    }
    Tuner.Asked asked =
        new Tuner.Asked(
            bundle, examples(), goal, bytes, cores == 0 ? Cores.available() : cores, time);
    TuneResult result = tune(asked);
    boolean write = result.tuning().isPresent() && !dryRun;
    if (write) {
      write(result);
    }
    output.print(Report.of(result, write), () -> text(result, write));
    return result.tuning().isPresent() ? Main.Exit.DONE : Main.Exit.GOAL_NOT_MET;
  }

  private TuneResult tune(Tuner.Asked asked) {
    if (quiet) {
      return Tuner.tune(asked, Progress.NONE);
    }
    try (ConsoleProgress progress = ConsoleProgress.start("tune")) {
      return Tuner.tune(asked, progress);
    }
  }

  private void write(TuneResult result) {
    try {
      Path page = Files.createTempFile("hasten-tune", ".html");
      try {
        TunePage.write(result, page);
        Bundle.retune(bundle, result.tuning().orElseThrow(), Map.of(REPORT, page));
      } finally {
        Files.deleteIfExists(page);
      }
    } catch (IOException e) {
      throw new EnvironmentException("the report cannot be written: " + e.getMessage(), e);
    }
  }

  private List<Example> examples() {
    if ((workload == null) == (data == null)) {
      throw new BadInputException(
          bundle
              + ": "
              + (data == null ? "no data" : "--workload and --data")
              + " (expected: one of --workload WORKLOAD, the file that the bundle was made from,"
              + " and --data FILE with examples as the requests will be: a bundle holds none)");
    }
    List<DataSpec> specs = workload == null ? List.of(spec()) : Workload.read(workload).data();
    List<Example> examples = new ArrayList<>();
    for (DataSpec spec : specs) {
      try (Stream<LabeledExample> stream = Dataset.open(spec).stream()) {
        stream
            .map(LabeledExample::example)
            .limit((long) MOST - examples.size())
            .forEach(examples::add);
      }
    }
    return examples;
  }

  private DataSpec spec() {
    Path file = data == null ? Path.of("") : data;
    if (!Files.exists(file)) {
      throw new BadInputException(
          "--data: " + file + ": no such file (expected: examples as the requests will be)");
    }
    PipelineSpec pipeline;
    try (Bundle opened = Bundle.open(bundle)) {
      pipeline = opened.pipeline();
    }
    Content content =
        switch (pipeline) {
          case PipelineSpec.Text t -> new Content.Text(field("text"));
          case PipelineSpec.Image i -> new Content.Image(field("image"));
          case PipelineSpec.Audio a -> new Content.Audio(field("audio"));
          case PipelineSpec.Table t -> new Content.Row(t.fields());
          case PipelineSpec.Tensors t -> new Content.Tensors(fields);
        };
    return new DataSpec(
        file, DataFormat.of(file), content, null, null, List.of(), OptionalLong.empty());
  }

  private String field(String usual) {
    if (fields.size() > 1) {
      throw new BadInputException(
          "--field: " + fields + " (expected: one, as the bundle's input is one)");
    }
    return fields.isEmpty() ? usual : fields.getFirst();
  }

  private String text(TuneResult result, boolean written) {
    Table table = new Table("instances × threads", "batches", "requests/s", "p50", "p99", "rounds");
    for (TuneResult.Tried tried : result.tried()) {
      Row row = Row.of(tried);
      table.row(
          row.instances() + " × " + row.threads(),
          row.batches(),
          tried.best() == null
              ? "none"
              : String.format(Locale.ROOT, "%.1f", row.requestsPerSecond()),
          Units.millis(row.at().p50()),
          Units.millis(row.at().p99()),
          row.rounds());
    }
    StringBuilder text = new StringBuilder();
    text.append("Most requests a second, 99 of 100 within ")
        .append(Units.millis(result.goal()))
        .append(":\n")
        .append(table);
    result.notes().forEach(note -> text.append("  ").append(note).append('\n'));
    result
        .chosen()
        .ifPresentOrElse(
            chosen ->
                text.append("\nChosen  ")
                    .append(chosen.setting().text())
                    .append(
                        written ? "\nWritten " + bundle + ", plot in " + REPORT : "\nNot written")
                    .append('\n'),
            () ->
                text.append(
                    "\nNo setting keeps the goal; the bundle is left as it was. Give a longer"
                        + " --p99, more --memory, or a faster model.\n"));
    return text.toString();
  }
}
