package dev.hasten.cli;

import dev.hasten.compress.Applied;
import dev.hasten.compress.Context;
import dev.hasten.compress.Parameter;
import dev.hasten.compress.Recipe;
import dev.hasten.compress.Stage;
import dev.hasten.compress.Step;
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
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code hasten quantize}: one quantizing technique by hand. Methods and their options are what the
 * registry declares: a new technique needs no line here.
 */
@Command(
    name = "quantize",
    description = "Quantizes a model by one method, without a search.",
    footer = {
      "%nExamples:",
      "  hasten quantize --list",
      "  hasten quantize model.onnx --method dynamic-int8 -o int8.onnx",
      "  hasten quantize --method dynamic-int8 --help",
      "  hasten quantize model.onnx --method dynamic-int8 --clip mse --embeddings -o int8.onnx",
      "  hasten quantize model.onnx --method static-int8 --workload workload.yaml"
          + " --with smooth-quant -o int8.onnx",
      "  hasten quantize model.onnx --method static-int8 --data examples.npz"
          + " --set percentile=99.9 -o int8.onnx",
      "  hasten quantize model.onnx --method dynamic-int8 --exclude \"*/pooler/*\" -o int8.onnx",
      "%nFirst the model is simplified, which also brings an old opset up to date (--as-is: not)."
    })
final class QuantizeCommand implements Callable<Integer> {
  private static final String USAGE = "hasten quantize MODEL --method dynamic-int8 --output FILE";
  private static final String SIMPLIFY = "simplify";

  /** Nodes named in the text; the JSON has all. */
  private static final int LINES = 12;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "MODEL",
      description = "An ONNX file in floating point; it is not changed.")
  private @Nullable Path model;

  @Option(
      names = "--method",
      paramLabel = "NAME",
      description = "How to quantize; --list names the methods, --method NAME --help its options.")
  private @Nullable String method;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "The new ONNX file.")
  private @Nullable Path target;

  @Option(
      names = "--set",
      paramLabel = "NAME=VALUE",
      description = "An option of the method; the same as --NAME VALUE. May be given for each.")
  private Map<String, String> settings = new LinkedHashMap<>();

  @Option(
      names = "--with",
      split = ",",
      paramLabel = "TECHNIQUE",
      description = "Techniques to apply besides, such as smooth-quant or merge-qkv.")
  private List<String> besides = new ArrayList<>();

  @Option(
      names = "--workload",
      paramLabel = "WORKLOAD",
      description = "Where calibration data come from, for methods that need them.")
  private @Nullable Path workload;

  @Option(
      names = "--data",
      paramLabel = "FILE",
      description =
          "Calibration data without a workload: .npz or JSON lines with the model's inputs by name;"
              + " of texts the field `text`, with tokenizer.json beside the model.")
  private @Nullable Path data;

  @Option(
      names = "--target-ort",
      paramLabel = "VERSION",
      description = "Keep the result loadable by this version of ONNX Runtime, 1.16 or newer.")
  private @Nullable String targetOrt;

  @Option(names = "--as-is", description = "Do not simplify the model first.")
  private boolean asIs;

  @Option(names = "--list", description = "List the methods and their options.")
  private boolean list;

  @Option(
      names = {"-h", "--help"},
      help = true,
      description = "Show this help; with --method, the options of the method.")
  private boolean help;

  @Mixin private Output output;

  @Spec private CommandSpec command;

  /** The techniques that make numbers smaller. */
  private static List<TechniqueInfo> methods() {
    return Techniques.all().stream()
        .filter(t -> t.stage() == Stage.QUANTIZE || t.stage() == Stage.PRECISION)
        .toList();
  }

  /** Gives the command an option for each parameter of each method. */
  static void declare(CommandLine hasten) {
    CommandSpec spec =
        Objects.requireNonNull(hasten.getSubcommands().get("quantize")).getCommandSpec();
    for (TechniqueInfo method : methods()) {
      for (Parameter parameter : method.parameters()) {
        String name = option(parameter);
        // Of several methods that share a name the registry checks the value; an option of the
        // command itself goes first, and such a parameter is left to --set.
        if (spec.findOption(name) == null) {
          OptionSpec.Builder builder =
              OptionSpec.builder(name).type(String.class).hidden(true).paramLabel("VALUE");
          boolean flag = parameter instanceof Parameter.Flag;
          spec.addOption(
              flag
                  ? builder.arity("0..1").fallbackValue("true").build()
                  : builder.arity("1").build());
        }
      }
    }
  }

  private static String option(Parameter parameter) {
    return "--" + parameter.name();
  }

  record Listed(String name, String summary, List<Setting> options) {}

  record Setting(String name, String summary, String expected, String otherwise) {}

  /** {@code compare}: the command that tells what it cost and gave. */
  record Report(
      String method,
      Map<String, Object> options,
      String model,
      String output,
      long bytesBefore,
      long bytesAfter,
      long opset,
      List<Change> changes,
      List<Refusal> refusals,
      List<String> warnings,
      List<String> compare) {}

  @Override
  public Integer call() throws IOException {
    if (help && method == null) {
      command.commandLine().usage(output.out());
      return Main.Exit.DONE;
    }
    if (list || help) {
      List<Listed> shown =
          (help ? List.of(chosen()) : methods()).stream().map(QuantizeCommand::describe).toList();
      output.print(shown, () -> text(shown));
      return Main.Exit.DONE;
    }
    TechniqueInfo chosen = chosen();
    Path from = Conversion.require(model, "MODEL", USAGE);
    Path to = Conversion.require(target, "--output", USAGE);
    if (workload != null && data != null) {
      throw new BadInputException(
          "--data " + data + ": --workload names the data already (expected: one of the two)");
    }
    TargetRuntime runtime = targetOrt == null ? null : TargetRuntime.of(targetOrt);
    Step step = new Step(chosen.name(), options(chosen));
    chosen.create(step.params());
    Recipe recipe = recipe(step);
    List<String> heard = new ArrayList<>();
    Conversion.Report made =
        Conversion.run(from, to, recipe, runtime, m -> apply(recipe, m, from, heard));
    Report report = report(step, made, heard);
    output.print(report, () -> text(report));
    return Main.Exit.DONE;
  }

  private TechniqueInfo chosen() {
    List<String> names = methods().stream().map(TechniqueInfo::name).toList();
    if (method == null) {
      throw new BadInputException(
          "--method is missing (expected: one of " + String.join(", ", names) + ")");
    }
    if (!names.contains(method)) {
      throw new BadInputException(
          "--method: %s does not quantize (expected: one of %s)"
              .formatted(method, String.join(", ", names)));
    }
    return Techniques.named(method);
  }

  /** What {@code --set} and the options that the registry declares say. */
  private Map<String, Object> options(TechniqueInfo chosen) {
    Map<String, Object> given = new LinkedHashMap<>(settings);
    List<String> known = chosen.parameters().stream().map(Parameter::name).toList();
    CommandLine.ParseResult parsed = command.commandLine().getParseResult();
    for (OptionSpec spec : parsed.matchedOptions()) {
      if (!spec.hidden()) {
        continue;
      }
      String name = spec.longestName().substring(2);
      if (!known.contains(name)) {
        throw new BadInputException(
            "--%s: %s has no such option (expected: %s)"
                .formatted(name, chosen.name(), known.isEmpty() ? "none" : options(known)));
      }
      if (given.put(name, String.valueOf(spec.<Object>getValue())) != null) {
        throw new BadInputException("--" + name + ": is given by --set too (expected: once)");
      }
    }
    return given;
  }

  private static String options(List<String> names) {
    return names.stream().map(name -> "--" + name).collect(Collectors.joining(", "));
  }

  private Recipe recipe(Step step) {
    List<Step> steps = new ArrayList<>();
    if (!asIs) {
      steps.add(Step.of(SIMPLIFY));
    }
    besides.stream()
        .filter(name -> asIs || !name.equals(SIMPLIFY))
        .forEach(name -> {
          Techniques.named(name);
          steps.add(Step.of(name));
        });
    steps.add(step);
    return new Recipe(steps).sorted();
  }

  private Applied apply(Recipe recipe, Model original, Path file, List<String> heard) {
    if (workload == null && data == null) {
      return recipe.apply(original, listening(Context.of(Hardware.detect()), heard));
    }
    try (Calibration calibration =
        workload != null
            ? Calibration.of(Workload.read(workload))
            : Calibration.of(file, Conversion.require(data, "--data", USAGE))) {
      return recipe.apply(original, listening(calibration.context(), heard));
    }
  }

  /** Techniques report warnings where they report how far they are. */
  private static Context listening(Context context, List<String> heard) {
    return context.withProgress((what, done) -> {
      if (isWarning(what) && !heard.contains(what)) {
        heard.add(what);
      }
    });
  }

  private static boolean isWarning(String what) {
    return what.contains("outlier") || what.contains("warning");
  }

  private Report report(Step step, Conversion.Report made, List<String> heard) {
    List<String> warnings = new ArrayList<>(made.warnings());
    warnings.addAll(heard);
    made.changes().stream()
        .filter(c -> isWarning(c.what()))
        .map(c -> c.node() + ": " + c.what())
        .forEach(warnings::add);
    long quantized = made.changes().stream().filter(c -> c.rule().equals(step.technique())).count();
    if (quantized == 0) {
      warnings.add("nothing was quantized; the refusals say why");
    }
    String named = workload == null ? "workload.yaml" : workload.toString();
    String compare =
        "hasten compare %s %s --workload %s".formatted(made.model(), made.output(), named);
    return new Report(
        step.technique(),
        step.params(),
        made.model(),
        made.output(),
        made.bytesBefore(),
        made.bytesAfter(),
        made.opset(),
        made.changes(),
        made.refusals(),
        warnings,
        List.of(compare, compare + " --per-layer", compare + " --explain"));
  }

  private static Listed describe(TechniqueInfo info) {
    return new Listed(
        info.name(),
        info.summary(),
        info.parameters().stream()
            .map(p ->
                new Setting(p.name(), p.summary(), p.expected(), String.valueOf(p.defaultValue())))
            .toList());
  }

  private static String text(List<Listed> all) {
    return all.stream().map(QuantizeCommand::text).collect(Collectors.joining("\n"));
  }

  private static String text(Listed method) {
    return method.name()
        + "\n    "
        + method.summary()
        + "\n"
        + method.options().stream()
            .map(o ->
                "      --%s %s\n          %s (default: %s)%n"
                    .formatted(o.name(), o.expected(), o.summary(), o.otherwise()))
            .collect(Collectors.joining());
  }

  private static String text(Report report) {
    StringBuilder text = new StringBuilder();
    report.warnings().forEach(w -> text.append("! ").append(w).append('\n'));
    Map<Boolean, List<Change>> changes =
        report.changes().stream()
            .collect(Collectors.partitioningBy(c -> c.rule().equals(report.method())));
    List<Change> quantized = Objects.requireNonNull(changes.get(true));
    List<Refusal> refused =
        report.refusals().stream().filter(r -> r.rule().equals(report.method())).toList();
    text.append(
        "%s: %d of %d nodes\n"
            .formatted(report.method(), quantized.size(), quantized.size() + refused.size()));
    lines(text, quantized.stream().map(c -> c.node() + ": " + c.what()).toList());
    Map<String, List<String>> reasons =
        refused.stream()
            .collect(
                Collectors.groupingBy(
                    Refusal::reason,
                    LinkedHashMap::new,
                    Collectors.mapping(Refusal::node, Collectors.toList())));
    reasons.forEach((reason, nodes) ->
        text.append("  left %d: %s (%s)\n".formatted(nodes.size(), reason, first(nodes))));
    Map<String, Long> besides =
        Objects.requireNonNull(changes.get(false)).stream()
            .collect(
                Collectors.groupingBy(Change::rule, LinkedHashMap::new, Collectors.counting()));
    if (!besides.isEmpty()) {
      text.append(
          besides.entrySet().stream()
              .map(e -> e.getValue() + " × " + e.getKey())
              .collect(Collectors.joining(", ", "before that: ", "\n")));
    }
    text.append(
        "%s: %s (was %s)\n"
            .formatted(
                report.output(),
                Units.bytes(report.bytesAfter()),
                Units.bytes(report.bytesBefore())));
    text.append("\nWhat it costs and gives:\n");
    report.compare().forEach(c -> text.append("  ").append(c).append('\n'));
    return text.toString();
  }

  private static void lines(StringBuilder text, List<String> lines) {
    lines.stream().limit(LINES).forEach(line -> text.append("  ").append(line).append('\n'));
    if (lines.size() > LINES) {
      text.append("  … and ").append(lines.size() - LINES).append(" more (--json lists all)\n");
    }
  }

  private static String first(List<String> nodes) {
    return nodes.size() == 1 ? nodes.getFirst() : nodes.getFirst() + ", …";
  }
}
