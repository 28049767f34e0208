package dev.hasten.bench;

import dev.hasten.graph.wire.OnnxWire.ModelProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Runs {@link FuzzTarget} on mutants of real models ({@link ModelMutator}) for a given time; what
 * is found is kept as a file, one for each place in the code.
 *
 * <p>{@code BENCH_JAVA_OPTS=-Xmx1g bench/run.sh FuzzModels SECONDS SEED FINDINGS [FOLDER...]}; the
 * folders hold models to start from, besides those of {@link FuzzSeeds}.
 */
public final class FuzzModels {
  private static final int LARGEST_SEED = 12_000;
  private static final Duration SLOW = Duration.ofSeconds(2);

  private final Path findings;
  private final Map<String, Integer> found = new LinkedHashMap<>();
  private final Map<FuzzTarget.Outcome, Long> outcomes = new EnumMap<>(FuzzTarget.Outcome.class);
  private final AtomicReference<@Nullable Running> running = new AtomicReference<>();

  private record Running(byte[] input, long startNanos, Thread thread) {}

  private FuzzModels(Path findings) {
    this.findings = findings;
  }

  /** Exits with 1 if there was a finding. */
  public static void main(String[] args) throws IOException {
    long seconds = Long.parseLong(args[0]);
    long seed = Long.parseLong(args[1]);
    FuzzModels fuzzer = new FuzzModels(Files.createDirectories(Path.of(args[2])));
    List<byte[]> seeds = new ArrayList<>(FuzzSeeds.all());
    for (String folder : Arrays.asList(args).subList(3, args.length)) {
      seeds.addAll(models(Path.of(folder)));
    }
    fuzzer.run(new ModelMutator(seeds, seed), seeds.size(), Duration.ofSeconds(seconds));
    System.exit(fuzzer.found.isEmpty() ? 0 : 1);
  }

  private static List<byte[]> models(Path folder) throws IOException {
    List<byte[]> out = new ArrayList<>();
    List<Path> files;
    try (Stream<Path> all = Files.walk(folder)) {
      files = all.filter(f -> f.toString().endsWith(".onnx")).sorted().toList();
    }
    for (Path file : files) {
      if (Files.size(file) <= LARGEST_SEED) {
        byte[] bytes = Files.readAllBytes(file);
        // Findings of earlier runs may be no models at all.
        try {
          ModelProto.parseFrom(bytes);
          out.add(bytes);
        } catch (IOException e) {
          System.out.println("not a seed: " + file);
        }
      }
    }
    return out;
  }

  private void run(ModelMutator mutator, int seeds, Duration time) throws IOException {
    Thread.ofPlatform().daemon().name("watch").start(this::watch);
    long start = System.nanoTime();
    long end = start + time.toNanos();
    long executions = 0;
    long slowest = 0;
    while (System.nanoTime() < end) {
      byte[] input = mutator.next();
      long before = System.nanoTime();
      running.set(new Running(input, before, Thread.currentThread()));
      try {
        outcomes.merge(FuzzTarget.run(input), 1L, Long::sum);
      } catch (Throwable e) {
        report(input, e);
      }
      running.set(null);
      long took = System.nanoTime() - before;
      slowest = Math.max(slowest, took);
      if (took > SLOW.toNanos()) {
        report(input, new AssertionError("slow"));
      }
      executions++;
    }
    System.out.printf(
        "%d executions in %d s from %d seeds; %s; slowest %d ms; findings: %s%n",
        executions,
        (System.nanoTime() - start) / 1_000_000_000,
        seeds,
        outcomes,
        slowest / 1_000_000,
        found);
  }

  private void report(byte[] input, Throwable e) throws IOException {
    Throwable cause = e;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    String place =
        Arrays.stream(cause.getStackTrace())
            .filter(frame -> frame.getClassName().startsWith("dev.hasten.graph"))
            .limit(2)
            .map(frame -> frame.getFileName() + ":" + frame.getLineNumber())
            .reduce("", (a, b) -> a + " " + b);
    String key = cause.getClass().getSimpleName() + place;
    if (found.merge(key, 1, Integer::sum) == 1) {
      String name = key.replaceAll("[^A-Za-z0-9]+", "-");
      Path file = findings.resolve(name + ".onnx");
      Files.write(file, input);
      System.out.printf("finding: %s: %s (%s, %d bytes)%n", key, e, file, input.length);
      Arrays.stream(cause.getStackTrace()).limit(12).forEach(f -> System.out.println("    " + f));
    }
  }

  /** Says where an execution hangs that does not come back by itself. */
  private void watch() {
    @Nullable Running told = null;
    while (true) {
      try {
        Thread.sleep(500);
      } catch (InterruptedException e) {
        return;
      }
      Running now = running.get();
      if (now != null && now != told && System.nanoTime() - now.startNanos > SLOW.toNanos()) {
        told = now;
        System.out.println("slow, in:");
        for (StackTraceElement frame : now.thread.getStackTrace()) {
          System.out.println("    " + frame);
        }
        try {
          Files.write(findings.resolve("slow-" + System.nanoTime() + ".onnx"), now.input);
        } catch (IOException e) {
          System.out.println("cannot be kept: " + e);
        }
      }
    }
  }
}
