package dev.hasten.bench;

import dev.hasten.graph.ModelException;
import dev.hasten.measure.Peaks;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.EnvironmentException;
import dev.hasten.study.Profile;
import dev.hasten.study.ProfileOptions;
import dev.hasten.study.Progress;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Profiles every model under a folder without data and counts what comes of it: a profile, a
 * refusal (with its reason), or a fault of ours. Models are done in child processes, so that one
 * that takes its process down is counted and the rest goes on.
 *
 * <pre>{@code
 * bench/run.sh ProfileEverything /usr/share/libonnx-testdata/data
 * }</pre>
 *
 * Exit code 1 if there was a fault or a dead process.
 */
public final class ProfileEverything {
  private static final String CHILD = "--child";

  private ProfileEverything() {}

  public static void main(String[] args) throws Exception {
    if (args.length > 0 && args[0].equals(CHILD)) {
      child(Path.of(args[1]));
      return;
    }
    List<Path> models = new ArrayList<>();
    for (String folder : args) {
      try (Stream<Path> files = Files.walk(Path.of(folder))) {
        files.filter(f -> f.toString().endsWith(".onnx")).sorted().forEach(models::add);
      }
    }
    long start = System.nanoTime();
    Map<String, List<String>> outcomes = new TreeMap<>();
    Deque<Path> left = new ArrayDeque<>(models);
    while (!left.isEmpty()) {
      batch(left, outcomes);
    }
    report(models.size(), outcomes, Duration.ofNanos(System.nanoTime() - start));
    System.exit(outcomes.containsKey("fault") || outcomes.containsKey("dead process") ? 1 : 0);
  }

  /** Lets a child do what is left; a child that dies took the model with it that it was at. */
  private static void batch(Deque<Path> left, Map<String, List<String>> outcomes)
      throws IOException, InterruptedException {
    Path list = Files.createTempFile("hasten-models", ".txt");
    Files.write(list, left.stream().map(Path::toString).toList());
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            ProfileEverything.class.getName(),
            CHILD,
            list.toString());
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    builder.redirectError(ProcessBuilder.Redirect.DISCARD);
    Process process = builder.start();
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] parts = line.split("\t", 3);
        if (parts.length == 3) {
          outcomes
              .computeIfAbsent(parts[0], o -> new ArrayList<>())
              .add(parts[1] + "\t" + parts[2]);
          left.removeFirst();
        }
      }
    }
    int exit = process.waitFor();
    Files.delete(list);
    if (!left.isEmpty()) {
      outcomes
          .computeIfAbsent("dead process", o -> new ArrayList<>())
          .add(left.removeFirst() + "\texit " + exit);
    }
  }

  private static void child(Path list) throws IOException {
    Peaks peaks = Peaks.measure(1, Duration.ofMillis(300));
    for (String line : Files.readAllLines(list)) {
      System.out.println(outcome(Path.of(line), peaks));
    }
  }

  private static String outcome(Path model, Peaks peaks) {
    try {
      Profile.WithAdvice result =
          Profile.of(model, ProfileOptions.DEFAULT.quick(peaks), Progress.NONE);
      String choice = result.detail().warnings().isEmpty() ? "" : " (guessed)";
      return "profile%s\t%s\t%d µs"
          .formatted(choice, model, result.profile().latency().toNanos() / 1000);
    } catch (BadInputException | ModelException | EnvironmentException e) {
      return "refusal\t" + model + "\t" + oneLine(e);
    } catch (RuntimeException e) {
      return "fault\t" + model + "\t" + oneLine(e) + " " + List.of(e.getStackTrace()).getFirst();
    }
  }

  private static String oneLine(Exception e) {
    return String.valueOf(e.getMessage() == null ? e : e.getMessage()).replaceAll("\\s+", " ");
  }

  private static void report(int models, Map<String, List<String>> outcomes, Duration took) {
    System.out.printf(Locale.ROOT, "%d models in %d s%n", models, took.toSeconds());
    outcomes.forEach((outcome, all) -> System.out.printf("%6d  %s%n", all.size(), outcome));
    outcomes.forEach((outcome, all) -> {
      if (!outcome.startsWith("profile")) {
        System.out.println("\n" + outcome + ":");
        all.forEach(line -> System.out.println("  " + line));
      }
    });
  }
}
