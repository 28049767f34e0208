package dev.hasten.cli;

import dev.hasten.compress.Applied;
import dev.hasten.compress.Context;
import dev.hasten.compress.Recipe;
import dev.hasten.compress.TechniqueInfo;
import dev.hasten.compress.Techniques;
import dev.hasten.graph.Model;
import dev.hasten.graph.TargetRuntime;
import dev.hasten.measure.Hardware;
import dev.hasten.study.Calibration;
import dev.hasten.study.Workload;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
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

  record Listed(String name, String summary, List<String> parameters) {}

  @Override
  public Integer call() throws IOException {
    if (list) {
      List<Listed> all = Techniques.all().stream().map(ApplyCommand::describe).toList();
      output.print(all, () -> text(all));
      return Main.Exit.DONE;
    }
    String usage = "hasten apply RECIPE MODEL --output FILE";
    Path from = Conversion.require(model, "MODEL", usage);
    Path to = Conversion.require(target, "--output", usage);
    TargetRuntime runtime = targetOrt == null ? null : TargetRuntime.of(targetOrt);
    Recipe steps = Recipe.read(Conversion.require(recipe, "RECIPE", usage));
    Conversion.Report report =
        Conversion.run(from, to, steps, runtime, original -> apply(steps, original));
    output.print(report, report::text);
    return Main.Exit.DONE;
  }

  private Applied apply(Recipe steps, Model original) {
    if (workload == null) {
      return steps.apply(original, Context.of(Hardware.detect()));
    }
    try (Calibration calibration = Calibration.of(Workload.read(workload))) {
      return steps.apply(original, calibration.context());
    }
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
}
