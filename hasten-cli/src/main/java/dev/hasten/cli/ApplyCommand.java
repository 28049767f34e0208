package dev.hasten.cli;

import dev.hasten.compress.Applied;
import dev.hasten.compress.Context;
import dev.hasten.compress.Recipe;
import dev.hasten.compress.TechniqueInfo;
import dev.hasten.compress.Techniques;
import dev.hasten.graph.Model;
import dev.hasten.graph.TargetRuntime;
import dev.hasten.graph.rewrite.Change;
import dev.hasten.graph.rewrite.Refusal;
import dev.hasten.measure.Hardware;
import dev.hasten.runtime.BadInputException;
import dev.hasten.study.Calibration;
import dev.hasten.study.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hasten apply}. */
@Command(
    name = "apply",
    description = "Applies one recipe to a model, without a search.",
    mixinStandardHelpOptions = true,
    footer = {
      "%nExamples:",
      "  hasten apply recipe.yaml model.onnx -o faster.onnx",
      "  hasten apply static.yaml model.onnx -o faster.onnx --workload workload.yaml",
      "  hasten apply recipe.yaml model.onnx -o faster.onnx --target-ort 1.17",
      "  hasten apply --list",
      "%nA recipe is a list of techniques:%n  - simplify%n  - dynamic-int8:%n      granularity: per-channel"
    })
final class ApplyCommand implements Callable<Integer> {
  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "RECIPE",
      description = "The recipe file (YAML).")
  private @Nullable Path recipe;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "MODEL",
      description = "An ONNX file; it is not changed.")
  private @Nullable Path model;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "The new ONNX file.")
  private @Nullable Path target;

  @Option(
      names = "--workload",
      paramLabel = "WORKLOAD",
      description = "Where calibration data come from, for techniques that need them.")
  private @Nullable Path workload;

  @Option(
      names = "--target-ort",
      paramLabel = "VERSION",
      description =
          "Keep the result loadable by this version of ONNX Runtime, 1.16 or newer; refused, with the"
              + " node named, where it needs a newer one.")
  private @Nullable String targetOrt;

  @Option(names = "--list", description = "List the techniques and their parameters.")
  private boolean list;

  @Mixin private Output output;

  record Report(
      String model,
      String output,
      long bytesBefore,
      long bytesAfter,
      long opset,
      long irVersion,
      List<Change> changes,
      List<Refusal> refusals,
      List<String> warnings) {}

  record Listed(String name, String summary, List<String> parameters) {}

  @Override
  public Integer call() throws IOException {
    if (list) {
      List<Listed> all = Techniques.all().stream().map(ApplyCommand::describe).toList();
      output.print(all, () -> text(all));
      return Main.Exit.DONE;
    }
    Path from = require(model, "MODEL");
    Path to = require(target, "--output");
    if (Files.exists(to) && Files.isSameFile(from, to)) {
      throw new BadInputException(
          to + ": is the model itself, which is never changed (expected: another --output)");
    }
    TargetRuntime runtime = targetOrt == null ? null : TargetRuntime.of(targetOrt);
    Recipe steps = Recipe.read(require(recipe, "RECIPE"));
    Model original = Model.read(from);
    Applied applied = apply(steps, original);
    Model result = runtime == null ? applied.model() : runtime.fit(applied.model());
    List<Path> written = CheckedWrite.write(result, from, to);
    List<String> warnings = new ArrayList<>(steps.warnings());
    if (written.size() > 1) {
      warnings.add(
          "the weights, more than one file may hold (2 GB), are in %s: keep it beside the model"
              .formatted(written.getLast().getFileName()));
    }
    Report report =
        new Report(
            from.toString(),
            to.toString(),
            bytes(original.files()),
            bytes(written),
            result.opset(),
            result.irVersion(),
            applied.changes(),
            applied.refusals(),
            warnings);
    output.print(report, () -> text(report));
    return Main.Exit.DONE;
  }

  /** Of the model with all its weights. */
  private static long bytes(List<Path> files) throws IOException {
    long sum = 0;
    for (Path file : files) {
      sum += Files.size(file);
    }
    return sum;
  }

  private Applied apply(Recipe steps, Model original) {
    if (workload == null) {
      return steps.apply(original, Context.of(Hardware.detect()));
    }
    try (Calibration calibration = Calibration.of(Workload.read(workload))) {
      return steps.apply(original, calibration.context());
    }
  }

  private static Path require(@Nullable Path path, String what) {
    if (path == null) {
      throw new BadInputException(
          what + " is missing (expected: hasten apply RECIPE MODEL --output FILE)");
    }
    return path;
  }

  private static Listed describe(TechniqueInfo info) {
    return new Listed(
        info.name(), info.summary(), info.parameters().stream().map(String::valueOf).toList());
  }

  private static String text(List<Listed> all) {
    return all.stream()
        .map(t ->
            t.name()
                + "\n    "
                + t.summary()
                + t.parameters().stream().map(p -> "\n      " + p).collect(Collectors.joining()))
        .collect(Collectors.joining("\n\n"));
  }

  private static String text(Report report) {
    StringBuilder text = new StringBuilder();
    report.warnings().forEach(w -> text.append("! ").append(w).append('\n'));
    text.append(
        counted(
            report.changes().stream().map(c -> c.rule() + ": " + c.what()).toList(), "changes"));
    text.append(
        counted(
            report.refusals().stream().map(r -> r.rule() + " refused: " + r.reason()).toList(),
            "refusals"));
    return text
        + report.output()
        + ": "
        + Units.bytes(report.bytesAfter())
        + " (was "
        + Units.bytes(report.bytesBefore())
        + ")";
  }

  /** Equal lines once, with their count. */
  private static String counted(List<String> lines, String what) {
    Map<String, Long> counts =
        lines.stream()
            .collect(
                Collectors.groupingBy(line -> line, LinkedHashMap::new, Collectors.counting()));
    return lines.size()
        + " "
        + what
        + "\n"
        + counts.entrySet().stream()
            .limit(40)
            .map(e -> "  " + (e.getValue() > 1 ? e.getValue() + " × " : "") + e.getKey() + "\n")
            .collect(Collectors.joining());
  }
}
