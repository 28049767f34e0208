package dev.hasten.cli;

import dev.hasten.runtime.BadInputException;
import dev.hasten.study.MarkedYaml;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/**
 * Where a command's options come from that its line does not give: environment variables, then a
 * YAML file, then what the command says itself. Every option of the command takes part, by the name
 * that it has already: {@code --jobs-ttl-hours} is {@code HASTEN_JOBS_TTL_HOURS} in the environment
 * and {@code jobs-ttl-hours} in the file.
 */
final class OptionSources implements CommandLine.IDefaultValueProvider {
  /** The option that names the file. */
  static final String CONFIG = "--config";

  private static final String PREFIX = "HASTEN_";

  /** A value, and where it stands. */
  private record Source(String value, String where) {}

  private final Map<String, Source> sources;

  /** Options that the line gives. */
  private final Set<String> given;

  private OptionSources(Map<String, Source> sources, Set<String> given) {
    this.sources = sources;
    this.given = given;
  }

  /**
   * Has the command's options looked up.
   *
   * @param line what follows the command's name
   * @throws BadInputException if the file cannot be read, or has something that is no option
   */
  static void install(CommandLine command, List<String> line, Map<String, String> environment) {
    CommandSpec spec = command.getCommandSpec();
    Map<String, Source> sources = new TreeMap<>();
    Optional<String> file =
        named(line).or(() -> Optional.ofNullable(environment.get(PREFIX + "CONFIG")));
    file.ifPresent(path -> sources.putAll(file(Path.of(path), spec)));
    for (ArgSpec arg : args(spec)) {
      @Nullable String value = environment.get(variable(arg));
      if (value != null && !isServiceLink(value)) {
        sources.put(name(arg), new Source(value, "from the environment: " + variable(arg)));
      }
    }
    OptionSources all = new OptionSources(sources, Set.copyOf(new HashSet<>(line)));
    command.setDefaultValueProvider(all);
    // Whoever was asked to run the line is asked what to say of it.
    CommandLine top = command;
    while (top.getParent() != null) {
      top = top.getParent();
    }
    CommandLine.IParameterExceptionHandler usual = top.getParameterExceptionHandler();
    top.setParameterExceptionHandler(
        (failure, args) -> usual.handleParseException(all.located(failure), args));
  }

  /** Kubernetes tells containers of its services in this form, whatever they are called. */
  private static boolean isServiceLink(String value) {
    return value.matches("(tcp|udp|sctp)://.*");
  }

  private static Optional<String> named(List<String> line) {
    Optional<String> file = Optional.empty();
    for (int i = 0; i < line.size(); i++) {
      String word = line.get(i);
      if (word.startsWith(CONFIG + "=")) {
        file = Optional.of(word.substring(CONFIG.length() + 1));
      } else if (word.equals(CONFIG) && i + 1 < line.size()) {
        file = Optional.of(line.get(i + 1));
      }
    }
    return file;
  }

  /** What may be given otherwise than on the line. */
  static List<ArgSpec> args(CommandSpec spec) {
    List<ArgSpec> args = new ArrayList<>(spec.positionalParameters());
    spec.options().stream()
        .filter(option -> !option.usageHelp() && !option.versionHelp())
        .filter(option -> !option.longestName().equals(CONFIG))
        .forEach(args::add);
    return args;
  }

  /** Its name in a file. */
  static String name(ArgSpec arg) {
    return arg instanceof OptionSpec option
        ? option.longestName().replaceFirst("^--?", "")
        : ServeCommand.MODELS;
  }

  /** Its name in the environment. */
  static String variable(ArgSpec arg) {
    return PREFIX + name(arg).replace('-', '_').toUpperCase(Locale.ROOT);
  }

  private static Map<String, Source> file(Path path, CommandSpec spec) {
    List<String> known = args(spec).stream().map(OptionSources::name).sorted().toList();
    MarkedYaml yaml =
        MarkedYaml.read(
            path,
            "YAML of options, such as port: 9000",
            "options, such as port: 9000; known: " + String.join(", ", known));
    if (!(yaml.content() instanceof Map<?, ?> content)) {
      throw yaml.fault("not a list of options (expected: lines such as port: 9000)");
    }
    Map<String, Source> sources = new LinkedHashMap<>();
    content.forEach((key, value) -> {
      String name = String.valueOf(key);
      if (!known.contains(name)) {
        throw new BadInputException(
            yaml.at(
                List.of(name), "no such option (known: " + String.join(", ", known) + ")", true));
      }
      sources.put(
          name, new Source(text(yaml, name, value), "from " + yaml.at(List.of(name), "", true)));
    });
    return sources;
  }

  private static String text(MarkedYaml yaml, String name, @Nullable Object value) {
    if (value instanceof List<?> list) {
      List<String> values = new ArrayList<>();
      for (int i = 0; i < list.size(); i++) {
        values.add(scalar(yaml, list.get(i), name, i));
      }
      return String.join(",", values);
    }
    return scalar(yaml, value, name);
  }

  private static String scalar(MarkedYaml yaml, @Nullable Object value, Object... path) {
    if (value instanceof String || value instanceof Number || value instanceof Boolean) {
      return String.valueOf(value);
    }
    throw yaml.fault(
        (value == null ? "nothing" : "a map or a list")
            + " (expected: a text, a number, true or false)",
        path);
  }

  @Override
  public @Nullable String defaultValue(ArgSpec arg) {
    // A flag on the line turns over what this says, which must not make false of true.
    boolean flag =
        arg instanceof OptionSpec option && Arrays.stream(option.names()).anyMatch(given::contains);
    @Nullable Source source = sources.get(name(arg));
    return flag || source == null ? null : source.value();
  }

  /** The same error, with the place of a value that is not on the line. */
  private ParameterException located(ParameterException failure) {
    @Nullable ArgSpec arg = failure.getArgSpec();
    @Nullable Source source = arg == null ? null : sources.get(name(arg));
    if (arg == null || source == null || !source.value().equals(failure.getValue())) {
      return failure;
    }
    return new ParameterException(
        failure.getCommandLine(),
        failure.getMessage() + " (" + source.where() + ")",
        failure,
        arg,
        failure.getValue());
  }
}
