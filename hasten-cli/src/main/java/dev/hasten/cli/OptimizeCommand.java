package dev.hasten.cli;

import dev.hasten.runtime.BadInputException;
import dev.hasten.study.Budget;
import dev.hasten.study.GeneratedWorkload;
import dev.hasten.study.Objective;
import dev.hasten.study.Progress;
import dev.hasten.study.Study;
import dev.hasten.study.StudyResult;
import dev.hasten.study.Workload;
import dev.hasten.study.generate.GivenShapes;
import dev.hasten.study.report.Report;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hasten optimize}. */
@Command(
    name = "optimize",
    description =
        "Searches the best recipe for a workload, proves its quality and writes a bundle with a report.",
    mixinStandardHelpOptions = true,
    footer = {
      "%nWhat was measured is kept beside the workload; a run that was killed goes on where it stopped.",
      "%nExamples:",
      "  hasten optimize workload.yaml",
      "  hasten optimize workload.yaml --budget 10m --max-drop 1%% --objective throughput",
      "  hasten optimize workload.yaml --dry-run",
      "  hasten optimize model.onnx",
      "%nExit code 1: nothing kept the promise and was better; the report says why."
    })
final class OptimizeCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "WORKLOAD|MODEL",
      description =
          "The workload file (YAML); or an ONNX file, for which inputs are made up beside it.")
  private Path workload = Path.of("");

  @Option(
      names = "--shape",
      paramLabel = "INPUT=SIZES",
      description = "Of a model without data: the sizes of an input, input=1x3x224x224.")
  private List<String> shapes = List.of();

  @Option(
      names = "--dim",
      paramLabel = "NAME=SIZE",
      description = "Of a model without data: a size by the model's own name for it.")
  private List<String> dims = List.of();

  @Option(
      names = "--budget",
      paramLabel = "TIME",
      description = "How long it may take: 90s, 10m, 1h30m.")
  private @Nullable String budget;

  @Option(
      names = "--max-drop",
      paramLabel = "DROP",
      description = "Largest drop of quality allowed: 1%% or 0.01.")
  private @Nullable String maxDrop;

  @Option(
      names = "--objective",
      paramLabel = "WHAT",
      description = "What is made best: ${COMPLETION-CANDIDATES}.")
  private @Nullable Objective objective;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FOLDER",
      description = "Where the bundle goes, instead of the workload's output.")
  private @Nullable Path bundle;

  @Option(
      names = "--fresh",
      description = "Start anew; what an earlier run measured is kept aside.")
  private boolean fresh;

  @Option(
      names = "--dry-run",
      description =
          "Print what would be tried and why; try nothing. For a model, inputs are made up all the same.")
  private boolean dryRun;

  @Option(names = "--quiet", description = "No progress.")
  private boolean quiet;

  @Mixin private Output output;

  @Override
  public Integer call() {
    Workload asked = asked();
    if (dryRun) {
      Study.Plan plan = Study.plan(asked);
      output.print(plan, () -> text(plan));
      return Main.Exit.DONE;
    }
    StudyResult result = study(asked, fresh, commandLine(), quiet);
    output.print(result, () -> Summary.of(result, asked.output(), Study.folder(asked)));
    return result.outcome().delivered() ? Main.Exit.DONE : Main.Exit.GOAL_NOT_MET;
  }

  /** Runs a study with progress on the console. */
  static StudyResult study(Workload workload, boolean fresh, List<String> commands, boolean quiet) {
    Study.Options options = new Study.Options(fresh, commands, Report::write);
    if (quiet) {
      return Study.run(workload, options, Progress.NONE);
    }
    try (ConsoleProgress progress = ConsoleProgress.start("optimize")) {
      return Study.run(workload, options, progress);
    }
  }

  private Workload asked() {
    Workload asked = Workload.read(file());
    if (budget != null) {
      asked = asked.withBudget(Budget.parse("--budget", budget));
    }
    if (maxDrop != null) {
      asked = asked.withMaxDrop(Fractions.parse("--max-drop", maxDrop));
    }
    if (objective != null) {
      asked = asked.withObjective(objective);
    }
    return inFolders(bundle == null ? asked : asked.withOutput(bundle));
  }

  /** Said before the study rather than after it. */
  private static Workload inFolders(Workload asked) {
    for (Path parent = asked.output().toAbsolutePath().getParent();
        parent != null;
        parent = parent.getParent()) {
      if (Files.exists(parent) && !Files.isDirectory(parent)) {
        throw new BadInputException(
            "%s: %s is a file (expected: a folder)".formatted(asked.output(), parent));
      }
    }
    return asked;
  }

  /** The workload's file; written now if there is only a model. */
  private Path file() {
    if (!ProfileCommand.isModel(workload)) {
      if (!shapes.isEmpty() || !dims.isEmpty()) {
        throw new BadInputException(
            workload
                + ": --shape and --dim are for a model without data (expected: an ONNX file with"
                + " them; a workload's data have their own sizes)");
      }
      return workload;
    }
    return GeneratedWorkload.write(
        workload, GivenShapes.parse(shapes, dims), quiet ? line -> {} : output::note);
  }

  private List<String> commandLine() {
    StringBuilder command = new StringBuilder("hasten optimize ").append(workload.getFileName());
    shapes.forEach(shape -> command.append(" --shape ").append(shape));
    dims.forEach(dim -> command.append(" --dim ").append(dim));
    if (budget != null) {
      command.append(" --budget ").append(budget);
    }
    if (maxDrop != null) {
      command.append(" --max-drop ").append(maxDrop);
    }
    if (objective != null) {
      command.append(" --objective ").append(objective.text());
    }
    if (bundle != null) {
      command.append(" --output ").append(bundle);
    }
    return List.of(command.toString());
  }

  private static String text(Study.Plan plan) {
    Table table = new Table("trial", "recipe", "why");
    plan.candidates().forEach(c -> table.row(c.id(), c.label(), c.reason()));
    return (plan.resumes() ? "Goes on from an earlier run.\n" : "")
        + plan.candidates().size()
        + " candidates, about "
        + Units.rough(plan.estimate())
        + ":\n"
        + table.leftAligned();
  }
}
