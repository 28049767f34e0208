package dev.hasten.bench;

import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.measure.Bootstrap;
import dev.hasten.measure.CostMeter;
import dev.hasten.measure.CostModel;
import dev.hasten.measure.DataSpec;
import dev.hasten.measure.Dataset;
import dev.hasten.measure.Hardware;
import dev.hasten.measure.Interval;
import dev.hasten.measure.LabeledExample;
import dev.hasten.measure.Load;
import dev.hasten.measure.LoadResult;
import dev.hasten.measure.LoadResult.End;
import dev.hasten.measure.LoadTest;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.BatchCost;
import dev.hasten.runtime.BatchPolicy;
import dev.hasten.runtime.Batcher;
import dev.hasten.runtime.BatcherOptions;
import dev.hasten.runtime.Batching;
import dev.hasten.runtime.Bundle;
import dev.hasten.runtime.BundleManifest;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.InputPipeline;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.Tuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/**
 * The batcher under open-loop load, against what other servers do: batches of one, and a grid of
 * static sizes and delays, all open in one process and loaded in turns, in an order that changes.
 * One instance of one thread; the driver shares its cores. Prints Markdown.
 *
 * <pre>
 * bench/run.sh BatcherLoad text BUNDLE TEXTS.jsonl [ROUNDS] [SECONDS]
 * bench/run.sh BatcherLoad dense [ROUNDS] [SECONDS]
 * </pre>
 */
public final class BatcherLoad {
  private static final int MAX_BATCH = 32;
  private static final int EXAMPLES = 4_000;

  /** Examples that are there at once when the peak is measured. */
  private static final int OFFLINE = 1_000;

  private static final double[] LOADS = {0.5, 0.65, 0.8, 0.95};
  private static final Duration WARM = Duration.ofMillis(1_500);
  private static final double OVERLOAD = 3;
  private static final String ADAPTIVE = "adaptive";

  private final Path bundle;
  private final List<Example> examples;
  private final int rounds;
  private final Duration time;
  private final Map<String, Batcher> policies = new LinkedHashMap<>();

  private BatcherLoad(Path bundle, List<Example> examples, String[] args, int from) {
    this.bundle = bundle;
    this.examples = examples;
    this.rounds = args.length > from ? Integer.parseInt(args[from]) : 3;
    double seconds = args.length > from + 1 ? Double.parseDouble(args[from + 1]) : 2.5;
    this.time = Duration.ofMillis(Math.round(1_000 * seconds));
  }

  public static void main(String[] args) throws IOException {
    if (args.length > 2 && args[0].equals("text")) {
      new BatcherLoad(Path.of(args[1]), texts(Path.of(args[2])), args, 3).run();
    } else if (args.length > 0 && args[0].equals("dense")) {
      Path folder = Files.createTempDirectory("hasten-load");
      new BatcherLoad(dense(folder), rows(), args, 1).run();
    } else {
      System.err.println("usage: BatcherLoad text BUNDLE TEXTS.jsonl | dense [ROUNDS] [SECONDS]");
      System.exit(2);
    }
  }

  /** The first of a JSON Lines file with the field {@code text}. */
  static List<Example> texts(Path file) throws IOException {
    try (Stream<LabeledExample> stream = Dataset.open(DataSpec.text(file, "text")).stream()) {
      return stream.limit(EXAMPLES).map(LabeledExample::example).toList();
    }
  }

  private static final int WIDTH = 1_024;
  private static final int HIDDEN = 2_048;

  /** Three dense layers, 34 MB of weights, which a run must read whatever its batch. */
  private static Path dense(Path folder) {
    Random random = new Random(3);
    GraphBuilder graph = GraphBuilder.opset(17).input("x", DataType.FLOAT, "batch", WIDTH);
    int[] widths = {WIDTH, HIDDEN, HIDDEN, HIDDEN / 2};
    String last = "x";
    for (int layer = 0; layer + 1 < widths.length; layer++) {
      float[] weights = new float[widths[layer] * widths[layer + 1]];
      for (int i = 0; i < weights.length; i++) {
        weights[i] = (float) (random.nextGaussian() / Math.sqrt(widths[layer]));
      }
      graph
          .floats("w" + layer, weights, widths[layer], widths[layer + 1])
          .node("m" + layer, "MatMul", last, "w" + layer)
          .node("r" + layer, "Relu", "m" + layer);
      last = "r" + layer;
    }
    Path model = folder.resolve("model.onnx");
    graph.output(last, DataType.FLOAT, "batch", HIDDEN / 2).build().write(model);
    Path bundle = folder.resolve("dense");
    Bundle.write(
        bundle,
        BundleManifest.of("dense", new PipelineSpec.Tensors(true)),
        Map.of(Bundle.MODEL, model));
    return bundle;
  }

  private static List<Example> rows() {
    Random random = new Random(4);
    List<Example> rows = new ArrayList<>();
    for (int i = 0; i < EXAMPLES; i++) {
      float[] x = new float[WIDTH];
      for (int j = 0; j < WIDTH; j++) {
        x[j] = (float) random.nextGaussian();
      }
      rows.add(Example.tensors(Map.of("x", NdArray.floats(x, WIDTH))));
    }
    return rows;
  }

  private void run() throws IOException {
    System.out.printf("# %s on %s%n%n", bundle.getFileName(), Hardware.detect().processor());
    Tuning tuning = tuning(cost(bundle, examples));
    Batching batching = tuning.batching().orElseThrow();
    open(ADAPTIVE, tuning);
    open("batch 1", tuning.withBatching(batching.withPolicy(fixed(1, 0))));
    for (int size : new int[] {2, 8, 32}) {
      for (int delay : new int[] {0, 5}) {
        open(
            "%d within %d ms".formatted(size, delay),
            tuning.withBatching(batching.withPolicy(fixed(size, delay))));
      }
    }
    try {
      load();
    } finally {
      policies.values().forEach(Batcher::close);
    }
  }

  private static BatchPolicy fixed(int size, int delayMillis) {
    return new BatchPolicy.Fixed(size, Duration.ofMillis(delayMillis));
  }

  private void open(String name, Tuning tuning) {
    policies.put(
        name,
        Batcher.open(
            bundle,
            BatcherOptions.defaults().withTuning(tuning).withMaxQueue(2 * OFFLINE, 1L << 30)));
  }

  static Tuning tuning(BatchCost cost) {
    return Tuning.defaults()
        .withIntraOpThreads(1)
        .withMaxBatch(MAX_BATCH)
        .withBatching(Batching.defaults().withCost(cost));
  }

  /** Measures and prints what runs cost. */
  static BatchCost cost(Path bundle, List<Example> examples) {
    try (Bundle opened = Bundle.open(bundle);
        Session session =
            Backend.cpu()
                .open(opened.model(), Tuning.defaults().withIntraOpThreads(1).sessionOptions());
        InputPipeline pipeline =
            InputPipeline.open(opened.pipeline(), opened.folder(), session.inputs())) {
      CostMeter meter = new CostMeter(pipeline, examples, MAX_BATCH);
      CostModel time = meter.time(session, Duration.ofSeconds(12));
      CostMeter.Memory memory = meter.memory(opened.model(), 1);
      List<Double> lengths =
          time.points().stream().map(CostModel.Point::length).distinct().sorted().toList();
      System.out.print("| examples |");
      lengths.forEach(n -> System.out.printf(" length %.0f |", n));
      System.out.printf("%n|---|%s%n", "---|".repeat(lengths.size()));
      for (double batch :
          time.points().stream().map(CostModel.Point::batch).distinct().sorted().toList()) {
        System.out.printf("| %.0f |", batch);
        for (double length : lengths) {
          time.points().stream()
              .filter(p -> p.batch() == batch && p.length() == length)
              .forEach(p -> System.out.printf(Locale.ROOT, " %.2f |", p.seconds() * 1e3 / batch));
        }
        System.out.println();
      }
      System.out.printf(
          Locale.ROOT,
          "%nMilliseconds an example. %s; memory of a run: %.0f kB an example + %.1f kB an example"
              + " and unit of length.%n%n",
          time.text(),
          memory.perExample() / 1e3,
          memory.perElement() / 1e3);
      return CostMeter.cost(time, memory);
    }
  }

  private Batcher policy(String name) {
    Batcher found = policies.get(name);
    if (found == null) {
      throw new IllegalStateException(name);
    }
    return found;
  }

  private void load() throws IOException {
    Batcher adaptive = policy(ADAPTIVE);
    policies.values().forEach(b -> LoadTest.offlinePeak(b::submit, examples.subList(0, 200)));
    Duration single = single(adaptive);
    Duration goal = single.multipliedBy(10);
    double peak = peak(adaptive);
    System.out.printf(
        Locale.ROOT,
        "Single latency %.2f ms (median of single calls), goal %.1f ms, offline peak %.0f/s.%n%n",
        millis(single),
        millis(goal),
        peak);
    for (Batcher batcher : policies.values()) {
      // What is compiled late must not count against whoever comes first.
      LoadTest.run(batcher::submit, examples, Load.of(0.8 * peak, WARM, goal));
    }
    Map<String, Double> best = new LinkedHashMap<>();
    for (double share : LOADS) {
      report(share, peak, goal, best);
    }
    report(OVERLOAD, peak, goal, best);
    System.out.println("Best goodput at any load:\n");
    best.forEach((name, goodput) ->
        System.out.printf(
            Locale.ROOT, "- %s: %.1f/s, %.2f of the peak%n", name, goodput, goodput / peak));
    recovery(adaptive, peak, goal);
  }

  private Duration single(Batcher batcher) {
    List<Long> nanos = new ArrayList<>();
    for (Example example : examples.subList(0, 400)) {
      long start = System.nanoTime();
      batcher.submit(example).join();
      nanos.add(System.nanoTime() - start);
    }
    Collections.sort(nanos);
    return Duration.ofNanos(nanos.get(nanos.size() / 2));
  }

  /** Of batches of like lengths, and beside it of batches as they come. */
  private double peak(Batcher adaptive) {
    Batcher padded = policy("32 within 0 ms");
    List<Example> all = examples.subList(0, OFFLINE);
    List<Double> grouped = new ArrayList<>();
    List<Double> ratios = new ArrayList<>();
    for (int round = 0; round < 2 * rounds; round++) {
      boolean first = round % 2 == 0;
      double a = LoadTest.offlinePeak((first ? adaptive : padded)::submit, all);
      double b = LoadTest.offlinePeak((first ? padded : adaptive)::submit, all);
      grouped.add(first ? a : b);
      ratios.add(first ? a / b : b / a);
    }
    Interval ratio = Bootstrap.median(ratios.stream().mapToDouble(r -> r).toArray(), 0.95, 1);
    System.out.printf(
        Locale.ROOT,
        "All %d at once: grouped by length %s times as fast as batches of 32 in the order of"
            + " arrival.%n%n",
        OFFLINE,
        ratio);
    Collections.sort(grouped);
    return grouped.get(grouped.size() / 2);
  }

  private void report(double share, double peak, Duration goal, Map<String, Double> best) {
    Map<String, List<LoadResult>> results = new LinkedHashMap<>();
    policies.keySet().forEach(name -> results.put(name, new ArrayList<>()));
    List<String> order = new ArrayList<>(policies.keySet());
    for (int round = 0; round < rounds; round++) {
      Collections.shuffle(order, new Random(round));
      for (String name : order) {
        Load load = Load.of(share * peak, time, goal).withSeed(100 + round);
        List<LoadResult> its = results.getOrDefault(name, List.of());
        its.add(LoadTest.run(policy(name)::submit, examples, load));
      }
    }
    System.out.printf(
        Locale.ROOT,
        "## %.0f %% of the peak: %.1f requests a second%n%n"
            + "| policy | goodput | of the peak | p50 | p99 | in time | refused | p99 of a refusal |"
            + " expired | late |%n|---|---|---|---|---|---|---|---|---|---|%n",
        100 * share,
        share * peak);
    results.forEach((name, its) -> {
      LoadResult r = LoadResult.joined(its);
      best.merge(name, r.goodput(), Math::max);
      System.out.printf(
          Locale.ROOT,
          "| %s | %.1f/s | %.3f | %.1f ms | %.1f ms | %.1f %% | %.1f %% | %.2f ms | %.1f %% | %.2f %% |%n",
          name,
          r.goodput(),
          r.goodput() / peak,
          millis(r.latency(0.5)),
          millis(r.latency(0.99)),
          100 * r.share(End.IN_TIME),
          100 * r.share(End.REFUSED),
          millis(r.refusal(0.99)),
          100 * r.share(End.EXPIRED),
          100 * r.share(End.LATE));
    });
    LoadResult all = LoadResult.joined(results.values().stream().flatMap(List::stream).toList());
    System.out.printf(
        Locale.ROOT,
        "%nThe driver itself was late by %.2f ms (p50), %.2f ms (p99). %s%n%n",
        millis(all.lag(0.5)),
        millis(all.lag(0.99)),
        all.failure());
  }

  /** Overload for a while, then half the peak, second by second. */
  private void recovery(Batcher batcher, double peak, Duration goal) throws IOException {
    System.out.println("\n## Overload, and after it\n");
    for (int i = 0; i < 4; i++) {
      Load load = Load.of(OVERLOAD * peak, Duration.ofSeconds(4), goal).withSeed(i);
      LoadResult r = LoadTest.run(batcher::submit, examples, load);
      System.gc();
      Runtime jvm = Runtime.getRuntime();
      System.out.printf(
          Locale.ROOT,
          "- %.0fx, seconds %d to %d: goodput %.2f of the peak, refused %.1f %%, p50 of a refusal"
              + " %.3f ms, p99 %.2f ms; heap after collection %.1f MB, process %.0f MB%n",
          OVERLOAD,
          4 * i,
          4 * i + 4,
          r.goodput() / peak,
          100 * r.share(End.REFUSED),
          millis(r.refusal(0.5)),
          millis(r.refusal(0.99)),
          (jvm.totalMemory() - jvm.freeMemory()) / 1e6,
          ProcessFacts.residentBytes(ProcessHandle.current().pid()) / 1e6);
    }
    LoadTest.run(batcher::submit, examples, Load.of(OVERLOAD * peak, Duration.ofSeconds(2), goal));
    for (int second = 1; second <= 3; second++) {
      Load load = Load.of(0.5 * peak, Duration.ofSeconds(1), goal).withSeed(second);
      LoadResult r = LoadTest.run(batcher::submit, examples, load);
      System.out.printf(
          Locale.ROOT,
          "- then 0.5x, second %d: %.1f %% in time, p50 %.1f ms, p99 %.1f ms%n",
          second,
          100 * r.share(End.IN_TIME),
          millis(r.latency(0.5)),
          millis(r.latency(0.99)));
    }
  }

  private static double millis(Duration duration) {
    return duration.toNanos() / 1e6;
  }
}
