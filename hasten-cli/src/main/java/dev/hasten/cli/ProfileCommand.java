package dev.hasten.cli;

import dev.hasten.measure.Hardware;
import dev.hasten.runtime.BadInputException;
import dev.hasten.study.Profile;
import dev.hasten.study.ProfileOptions;
import dev.hasten.study.Progress;
import dev.hasten.study.Workload;
import dev.hasten.study.generate.GivenShapes;
import dev.hasten.study.report.ProfileReport;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hasten profile}. */
@Command(
    name = "profile",
    description = "Where the time goes, and which strategies would help here, by how much and why.",
    mixinStandardHelpOptions = true,
    footer = {
      "%nOf a model alone, inputs are made up: sizes that it leaves open are guessed, and said.",
      "%nExamples:",
      "  hasten profile model.onnx",
      "  hasten profile model.onnx --dim batch=4 --dim sequence=64 --threads 2",
      "  hasten profile model.onnx --shape input=1x3x640x640 --html profile.html",
      "  hasten profile workload.yaml --json"
    })
final class ProfileCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "MODEL|WORKLOAD",
      description = "An ONNX file, or a workload file (YAML) that names one and its data.")
  private Path file = Path.of("");

  @Option(
      names = "--shape",
      paramLabel = "INPUT=SIZES",
      description = "The sizes of an input: input=1x3x224x224. May be given for each.")
  private List<String> shapes = List.of();

  @Option(
      names = "--dim",
      paramLabel = "NAME=SIZE",
      description = "A size by the model's own name for it: batch=1.")
  private List<String> dims = List.of();

  @Option(names = "--threads", paramLabel = "N", description = "Threads of the profiled call.")
  private @Nullable Integer threads;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of the inputs that are made up (default: 42).")
  private @Nullable Long seed;

  @Option(names = "--html", paramLabel = "FILE", description = "Write a page to look at, too.")
  private @Nullable Path html;

  @Option(names = "--quiet", description = "No progress.")
  private boolean quiet;

  @Mixin private Output output;

  @Override
  public Integer call() {
    Profile.WithAdvice result = profile();
    if (html != null) {
      ProfileReport.write(
          result.profile(), result.detail(), result.advice(), Hardware.detect(), html);
    }
    output.print(
        result, () -> ProfileText.of(result) + (html == null ? "" : "\nPage  " + html + "\n"));
    return Main.Exit.DONE;
  }

  private Profile.WithAdvice profile() {
    if (quiet) {
      return profile(Progress.NONE);
    }
    try (ConsoleProgress progress = ConsoleProgress.start("profile")) {
      return profile(progress);
    }
  }

  private Profile.WithAdvice profile(Progress progress) {
    if (!isModel(file)) {
      if (!shapes.isEmpty() || !dims.isEmpty() || threads != null || seed != null) {
        throw new BadInputException(
            file
                + ": --shape, --dim, --threads and --seed are for a model without data (expected:"
                + " an ONNX file with them; a workload says these things itself)");
      }
      return Profile.of(Workload.read(file), progress);
    }
    ProfileOptions options =
        ProfileOptions.DEFAULT
            .withGiven(GivenShapes.parse(shapes, dims))
            .withThreads(threads == null ? 1 : threads)
            .withSeed(seed == null ? ProfileOptions.DEFAULT.seed() : seed);
    return Profile.of(file, options, progress);
  }

  /** A model by its name's ending, as everything that takes either tells them apart. */
  static boolean isModel(Path file) {
    return String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT).endsWith(".onnx");
  }
}
