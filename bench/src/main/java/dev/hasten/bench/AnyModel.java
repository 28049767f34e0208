package dev.hasten.bench;

import dev.hasten.graph.Model;
import dev.hasten.measure.Hardware;
import dev.hasten.measure.Interval;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.SessionOptions;
import dev.hasten.study.Quality;
import dev.hasten.study.SpeedRow;
import dev.hasten.study.StudyResult;
import dev.hasten.study.Trial;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * First contact: each model is inspected, profiled and optimized without data, in processes of
 * their own, as a stranger would by the command line; the outcome is a row of a Markdown table. A
 * process that dies, an exit code that is no answer (0 done, 1 nothing better, 2 bad input, 3
 * environment) or a bundle that the runtime does not load is a fault and named so.
 *
 * <pre>{@code
 * bench/any-model.sh OUT 3m model.onnx other.onnx …
 * }</pre>
 *
 * Exit code 1 if there was a fault.
 */
public final class AnyModel {
  private static final String FAULT = "**fault**";

  private final Path folder;
  private final Path model;
  private final String budget;

  private AnyModel(Path folder, Path model, String budget) {
    this.folder = folder;
    this.model = model;
    this.budget = budget;
  }

  /** How a process ended. */
  private record Ended(int exit, Duration took, String out, String err) {
    boolean answered() {
      return exit >= 0 && exit <= 3;
    }

    /** The message's first line, without the file that it begins with. */
    String reason() {
      String line =
          err.lines().filter(l -> l.startsWith("hasten: ")).reduce((a, b) -> b).orElse(err);
      String text = line.replace("hasten: ", "").replaceAll("\\s+", " ").strip();
      text = text.replaceFirst("^\\S*/(?=[^/ ]+\\.onnx)", "");
      return text.length() > 300 ? text.substring(0, 300) + "…" : text;
    }
  }

  public static void main(String[] args) throws IOException, InterruptedException {
    Path out = Files.createDirectories(Path.of(args[0]));
    List<String> rows = new ArrayList<>();
    for (String name : List.of(args).subList(2, args.length)) {
      Path model = Path.of(name);
      String stem = String.valueOf(model.getFileName()).replaceFirst("\\.onnx$", "");
      Path folder = Files.createDirectories(out.resolve(stem));
      Path row = folder.resolve("row.md");
      if (!Files.exists(row)) {
        String text = new AnyModel(folder, placed(model, folder), args[1]).row(stem);
        Files.writeString(row, text + "\n");
      }
      rows.add(Files.readString(row).strip());
      System.out.println(rows.getLast());
      Files.writeString(out.resolve("table.md"), table(rows));
    }
    System.exit(rows.stream().anyMatch(r -> r.contains(FAULT)) ? 1 : 0);
  }

  private static String table(List<String> rows) {
    Hardware hardware = Hardware.detect();
    return "%s (%s), %d cores, ONNX Runtime %s%n%n"
            .formatted(
                hardware.processor(), hardware.summary(), hardware.cores(), Backend.cpu().version())
        + "| model | exporter | nodes | MB | profile, ms a call | speed-up at the judged row | fidelity | recipe, or why none | inspect, profile, optimize, s |\n"
        + "|---|---|--:|--:|--:|---|---|---|---|\n"
        + String.join("\n", rows)
        + "\n";
  }

  /** The model beside nothing else; linked, since it may be large. */
  private static Path placed(Path model, Path folder) throws IOException {
    Path target = folder.resolve(model.getFileName());
    for (Path file : Model.read(model, 1).files()) {
      Path there = folder.resolve(file.getFileName());
      if (!Files.exists(there)) {
        try {
          Files.createLink(there, file);
        } catch (IOException | UnsupportedOperationException e) {
          Files.copy(file, there);
        }
      }
    }
    return target;
  }

  private String row(String stem) throws IOException, InterruptedException {
    Ended inspect = hasten("inspect", "--json", model.toString());
    Ended profile = hasten("profile", "--json", model.toString());
    Ended optimize = hasten("optimize", "--json", "--fresh", "--budget", budget, model.toString());
    Model read = Model.read(model, 1);
    String what;
    if (!optimize.answered()) {
      what = "%s | – | exit %d: %s".formatted(FAULT, optimize.exit(), optimize.reason());
    } else if (optimize.exit() > 1) {
      what = "– | – | refused, exit %d: %s".formatted(optimize.exit(), optimize.reason());
    } else {
      what = found(StudyResult.fromJson(optimize.out()));
    }
    return "| %s | %s | %d | %s | %s | %s | %s, %s, %s |"
        .formatted(
            stem,
            read.producer().isBlank() ? "not named" : read.producer(),
            read.graph().allNodes().size(),
            megabytes(read.files().stream().mapToLong(f -> f.toFile().length()).sum()),
            latency(profile),
            what.replace("\n", " "),
            seconds(inspect),
            seconds(profile),
            seconds(optimize));
  }

  private static String seconds(Ended ended) {
    String took = String.format(Locale.ROOT, "%.0f", ended.took().toMillis() / 1e3);
    return ended.exit() == 0 || ended.answered()
        ? took
        : "%s (exit %d: %s)".formatted(FAULT, ended.exit(), ended.reason());
  }

  private static String latency(Ended profile) {
    if (profile.exit() != 0) {
      return "exit %d: %s".formatted(profile.exit(), profile.reason());
    }
    java.util.regex.Matcher told =
        java.util.regex.Pattern.compile("\"latency\"\\s*:\\s*\"?(PT)?([0-9.eE-]+)S?\"?")
            .matcher(profile.out());
    return told.find()
        ? String.format(Locale.ROOT, "%.3g", Double.parseDouble(told.group(2)) * 1e3)
        : "?";
  }

  private static String megabytes(long bytes) {
    return String.format(Locale.ROOT, bytes < 10e6 ? "%.2f" : "%.0f", bytes / 1e6);
  }

  /** Speed-up, fidelity and recipe of what was delivered; else why nothing was, trial by trial. */
  private String found(StudyResult result) {
    Trial delivered = result.delivered().orElse(null);
    if (delivered == null) {
      return "– | – | exit 1: %s. %s".formatted(result.outcome().reason(), tried(result));
    }
    String speed =
        delivered
            .at(result.asked().headline())
            .map(s -> "%s at %s".formatted(interval(s), s.row()))
            .orElse("not measured");
    Quality test = delivered.test();
    String fidelity =
        test == null
            ? "not tested"
            : String.format(
                Locale.ROOT,
                "%s %.4f, drop at most %.2g (n = %d)",
                test.metric(),
                test.candidate(),
                Math.max(0, test.drop().high()),
                test.examples());
    return speed + " | " + fidelity + " | " + delivered.label() + loads();
  }

  private static String interval(SpeedRow speed) {
    Interval times = speed.speedup();
    return String.format(
        Locale.ROOT, "%.2f [%.2f, %.2f]", times.estimate(), times.low(), times.high());
  }

  /** How many trials ended which way, by the beginning of their reasons. */
  private static String tried(StudyResult result) {
    Map<String, Long> counts =
        result.trials().stream()
            .collect(
                Collectors.groupingBy(
                    t -> t.reason().isEmpty() ? "measured" : t.reason().split("[:;(]")[0].strip(),
                    TreeMap::new,
                    Collectors.counting()));
    return counts.entrySet().stream()
        .map(e -> e.getValue() + " × " + e.getKey())
        .collect(Collectors.joining(", "));
  }

  /** Nothing if the runtime opens what was delivered; else what it says. */
  private String loads() {
    Path bundle = Path.of(model.toString().replaceFirst("\\.onnx$", "-generated"), "bundle");
    try (var files = Files.walk(bundle)) {
      Path file = files.filter(f -> f.endsWith("model.onnx")).findFirst().orElseThrow();
      Backend.cpu().open(file, SessionOptions.defaults()).close();
      return "";
    } catch (IOException | RuntimeException e) {
      return " " + FAULT + ": the bundle does not load: " + e.getMessage();
    }
  }

  private Ended hasten(String... arguments) throws IOException, InterruptedException {
    Path out = folder.resolve(arguments[0] + ".json");
    Path err = folder.resolve(arguments[0] + ".err");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("--sun-misc-unsafe-memory-access=allow");
    command.add("dev.hasten.cli.Main");
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    // Not an argument: the runtime crashes on command lines of more than 4,000 characters.
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    builder.redirectOutput(out.toFile()).redirectError(err.toFile());
    long start = System.nanoTime();
    Process process = builder.start();
    boolean ended = process.waitFor(1, TimeUnit.HOURS);
    if (!ended) {
      process.destroyForcibly().waitFor();
    }
    return new Ended(
        ended ? process.exitValue() : -1,
        Duration.ofNanos(System.nanoTime() - start),
        Files.readString(out),
        Files.readString(err));
  }
}
