package dev.hasten.bench;

import dev.hasten.compress.Recipe;
import dev.hasten.graph.Model;
import dev.hasten.measure.Bootstrap;
import dev.hasten.measure.Comparison;
import dev.hasten.measure.Hardware;
import dev.hasten.measure.Interval;
import dev.hasten.measure.LabeledExample;
import dev.hasten.measure.Metrics;
import dev.hasten.measure.OutputKind;
import dev.hasten.measure.Outputs;
import dev.hasten.measure.Row;
import dev.hasten.measure.Sample;
import dev.hasten.measure.SpeedOptions;
import dev.hasten.measure.SpeedTest;
import dev.hasten.measure.Subject;
import dev.hasten.measure.SubjectSpeed;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.InputPipeline;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import dev.hasten.study.Calibration;
import dev.hasten.study.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * MiniLM quantized by Hasten's recipes against files made by the tools that people use today: all
 * in one process, on one backend. A quick pass finds the fastest peer of each row, and the fastest
 * with a scale per channel; then these, the published file, fp32 and ours run interleaved. Run by
 * {@code bench/quantization.sh}.
 */
public final class QuantizationPeers {
  private static final int SCORED = 2_000;
  private static final int FITTED = 1_500;
  private static final int MAILS = 600;
  private static final int MAIL_LENGTH = 128;
  private static final int CALLS = 24;

  /** A peer so many times as slow as the fastest so far gets no second look. */
  private static final double HOPELESS = 1.5;

  private static final String FP32 = "fp32";
  private static final String PUBLISHED = "published";

  private static final List<Row> ROWS =
      List.of(
          new Row(1, 16, 1),
          new Row(1, 128, 1),
          new Row(8, 128, 1),
          new Row(32, 64, 1),
          new Row(1, 0, 1));

  private final Workload workload;
  private final Map<String, Path> models = new LinkedHashMap<>();
  private final List<String> ours = new ArrayList<>();
  private final List<LabeledExample> mails;
  private final Map<String, Double> overlap = new TreeMap<>();

  private QuantizationPeers(Workload workload, List<LabeledExample> mails) {
    this.workload = workload;
    this.mails = mails;
  }

  /**
   * @param args the demo's folder, the folder of the peers' files, that of the unpacked mails, that
   *     of our recipes, seconds per row of the careful pass; then, optionally, {@code quality} or
   *     {@code speed} for one half of it; after {@code speed}, optionally, 1 or 2 for the rows with
   *     so many threads only
   */
  public static void main(String[] args) throws IOException {
    Path demo = Path.of(args[0]);
    Workload workload = Workload.read(demo.resolve("workload.yaml"));
    QuantizationPeers bench = new QuantizationPeers(workload, Mails.read(Path.of(args[2])));
    bench.models.put(FP32, workload.model());
    bench.models.put(PUBLISHED, demo.resolve("published-int8.onnx"));
    try (Stream<Path> files = Files.list(Path.of(args[1]))) {
      files
          .filter(f -> f.toString().endsWith(".onnx"))
          .sorted()
          .forEach(f -> bench.models.put(name(f), f));
    }
    bench.make(Path.of(args[3]));
    String part = args.length > 5 ? args[5] : "";
    System.out.println(Hardware.detect() + ", ONNX Runtime " + Backend.cpu().version());
    if (!part.equals("speed")) {
      bench.quality();
    }
    if (!part.equals("quality")) {
      int only = args.length > 6 ? Integer.parseInt(args[6]) : 0;
      bench.speed(Integer.parseInt(args[4]), only == 0 ? List.of(1, 2) : List.of(only));
    }
  }

  private static String name(Path file) {
    return String.valueOf(file.getFileName()).replaceFirst("\\.[a-z]+$", "");
  }

  /** Our recipes' models, in a temporary folder. */
  private void make(Path recipes) throws IOException {
    Path folder = Files.createTempDirectory("hasten-recipes");
    Model original = Model.read(workload.model());
    try (Calibration calibration = Calibration.of(workload);
        Stream<Path> files = Files.list(recipes)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".yaml")).sorted().toList()) {
        Path made = folder.resolve(name(file) + ".onnx");
        Recipe.read(file).apply(original, calibration.context()).model().write(made);
        models.put("hasten " + name(file), made);
        ours.add("hasten " + name(file));
      }
    }
  }

  private void quality() {
    List<LabeledExample> test = Splits.test(workload);
    List<LabeledExample> scored = test.subList(0, SCORED);
    Sides glosses = new Sides(scored, test.subList(SCORED, SCORED + FITTED), 0);
    Sides letters =
        new Sides(mails.subList(0, MAILS), mails.subList(MAILS, 2 * MAILS), MAIL_LENGTH);
    System.out.printf(
        "%n| model | MB | cosine | overlap@10 | probe drop, points: glosses | mails |%n|---|---|---|---|---|---|%n");
    models.forEach((name, file) -> {
      try {
        Sample sample = glosses.sample(file);
        overlap.put(name, compare("overlap@10", sample).candidate());
        System.out.printf(
            Locale.ROOT,
            "| %s | %.1f | %.4f | %.3f | %s | %s |%n",
            name,
            bytes(file) / 1e6,
            compare("cosine", sample).candidate(),
            overlap.get(name),
            probe(sample),
            isContender(name) ? probe(letters.sample(file)) : "");
      } catch (IOException | RuntimeException e) {
        System.out.println("| " + name + " | fails: " + e.getMessage() + " | | | | |");
      }
    });
  }

  /** Worth the minutes that long texts take: ours, and the peers that are the fastest somewhere. */
  private boolean isContender(String name) {
    return ours.contains(name)
        || name.equals(FP32)
        || name.equals(PUBLISHED)
        || name.contains("fused-gelu");
  }

  /** A file's size, with that of the weights beside it. */
  private static long bytes(Path file) throws IOException {
    Path data = file.resolveSibling(file.getFileName() + "_data");
    return Files.size(file) + (Files.exists(data) ? Files.size(data) : 0);
  }

  /** How much less a linear classifier gets right on these vectors than on the original's. */
  private static String probe(Sample sample) {
    Comparison probe = compare("linear-probe", sample);
    Interval drop = Bootstrap.mean(probe.drops().orElseThrow(), 0.95, 42);
    return String.format(
        Locale.ROOT,
        "%.2f (%.2f to %.2f) of %.1f %%",
        100 * drop.estimate(),
        100 * drop.low(),
        100 * drop.high(),
        100 * probe.original());
  }

  private static Comparison compare(String metric, Sample sample) {
    return Metrics.compare(Metrics.byName(metric), sample);
  }

  /** Texts to score on, others to fit a probe on, and the original's vectors of both. */
  private final class Sides {
    private final List<LabeledExample> scored;
    private final List<LabeledExample> fitted;
    private final int length;
    private final Outputs original;
    private final Outputs originalFit;

    Sides(List<LabeledExample> scored, List<LabeledExample> fitted, int length) {
      this.scored = scored;
      this.fitted = fitted;
      this.length = length;
      this.original = embed(workload.model(), scored, length);
      this.originalFit = embed(workload.model(), fitted, length);
    }

    Sample sample(Path file) {
      Outputs outputs = embed(file, scored, length);
      Outputs fit = embed(file, fitted, length);
      return Sample.labeled(original, outputs, labels(scored))
          .withFit(Sample.labeled(originalFit, fit, labels(fitted)));
    }

    private static List<String> labels(List<LabeledExample> examples) {
      return examples.stream().map(e -> Objects.requireNonNull(e.label())).toList();
    }
  }

  /** A length above 0 cuts the texts there. */
  private Outputs embed(Path file, List<LabeledExample> examples, int length) {
    PipelineSpec.Text text = (PipelineSpec.Text) workload.pipeline();
    PipelineSpec spec = length == 0 ? text : text.withMaxLength(length);
    float[][] rows = new float[examples.size()][];
    try (Session session =
            Backend.cpu().open(file, SessionOptions.defaults().withIntraOpThreads(1));
        InputPipeline pipeline = InputPipeline.open(spec, workload.folder(), session.inputs())) {
      List<Integer> order = new ArrayList<>();
      for (int i = 0; i < examples.size(); i++) {
        order.add(i);
      }
      order.sort(Comparator.comparingInt(i -> pipeline.length(examples.get(i).example())));
      for (int from = 0; from < order.size(); from += 16) {
        List<Integer> places = order.subList(from, Math.min(order.size(), from + 16));
        List<Example> batch = places.stream().map(i -> examples.get(i).example()).toList();
        Map<String, NdArray> encoded = pipeline.encode(batch);
        NdArray made = pipeline.decode(encoded, session.run(encoded)).get(InputPipeline.EMBEDDING);
        float[] all = Objects.requireNonNull(made).toFloats();
        int width = all.length / batch.size();
        for (int i = 0; i < batch.size(); i++) {
          rows[places.get(i)] = Arrays.copyOfRange(all, i * width, (i + 1) * width);
        }
      }
    }
    return new Outputs(OutputKind.EMBEDDING, List.of(rows));
  }

  private void speed(int seconds, List<Integer> threadCounts) {
    List<String> lines = new ArrayList<>();
    Map<String, List<Double>> against = new LinkedHashMap<>();
    for (int threads : threadCounts) {
      for (Row asked : ROWS) {
        Row row = new Row(asked.batch(), asked.length(), threads);
        List<Map<String, NdArray>> inputs = inputs(row);
        List<String> order = fastestFirst(row, inputs);
        String best =
            order.stream().filter(QuantizationPeers::isPerChannel).findFirst().orElseThrow();
        Set<String> names = new LinkedHashSet<>(ours);
        names.addAll(List.of(order.getFirst(), FP32, PUBLISHED));
        names.remove(best);
        List<Subject> others = names.stream().map(name -> subject(name, inputs)).toList();
        var measured =
            SpeedTest.run(
                    subject(best, inputs),
                    others,
                    List.of(row),
                    SpeedOptions.defaults()
                        .withBudgetPerRow(Duration.ofSeconds(seconds))
                        .withBlocks(15, 2_000))
                .getFirst();
        for (SubjectSpeed speed : measured.subjects()) {
          lines.add(
              String.format(
                  Locale.ROOT,
                  "| %s | %s | %.2f ms | %.2f (%.2f to %.2f) |",
                  row.length() == 0 ? "b1 mails " + threads + "t" : row,
                  speed.name().equals(best)
                      ? "best peer: " + best
                      : speed.name().equals(order.getFirst())
                          ? "fastest peer: " + speed.name()
                          : speed.name(),
                  speed.p50().toNanos() / 1e6,
                  speed.speedup().estimate(),
                  speed.speedup().low(),
                  speed.speedup().high()));
          System.out.println(lines.getLast());
          against
              .computeIfAbsent(
                  speed.name().equals(best)
                      ? "best peer"
                      : speed.name().equals(order.getFirst()) ? "fastest peer" : speed.name(),
                  n -> new ArrayList<>())
              .add(speed.speedup().estimate());
        }
      }
    }
    System.out.printf("%n| row | model | p50 | times the best peer (95 %%) |%n|---|---|---|---|%n");
    lines.forEach(System.out::println);
    against.forEach((name, ratios) -> {
      double[] sorted = ratios.stream().mapToDouble(Double::doubleValue).sorted().toArray();
      System.out.printf(
          Locale.ROOT,
          "%s: median %.3f, least %.3f times the best peer of the row%n",
          name,
          (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2,
          sorted[0]);
    });
  }

  private Subject subject(String name, List<Map<String, NdArray>> inputs) {
    Path file = Objects.requireNonNull(models.get(name));
    return new Subject(
        name,
        row -> {
          Session session =
              Backend.cpu().open(file, SessionOptions.defaults().withIntraOpThreads(row.threads()));
          return new Subject.Call() {
            @Override
            public void run(int input) {
              session.run(inputs.get(input % inputs.size()));
            }

            @Override
            public void close() {
              session.close();
            }
          };
        });
  }

  /** One scale for a whole weight costs MiniLM a tenth of its neighbours: no peer in quality. */
  private static boolean isPerChannel(String peer) {
    return peer.contains("-channel");
  }

  /** The peers as a quick look orders them: a few calls of each in turn, twice around. */
  private List<String> fastestFirst(Row row, List<Map<String, NdArray>> inputs) {
    Map<String, Double> best = new TreeMap<>();
    for (int round = 0; round < 2; round++) {
      for (Map.Entry<String, Path> model : models.entrySet()) {
        if (ours.contains(model.getKey()) || model.getKey().equals(FP32)) {
          continue;
        }
        SessionOptions options = SessionOptions.defaults().withIntraOpThreads(row.threads());
        try (Session session = Backend.cpu().open(model.getValue(), options)) {
          session.run(inputs.getFirst());
          for (int i = 0; i < 5; i++) {
            long start = System.nanoTime();
            session.run(inputs.get(i));
            session.run(inputs.get(i + 1));
            double millis = (System.nanoTime() - start) / 2e6;
            best.merge(model.getKey(), millis, Math::min);
            if (millis > HOPELESS * Collections.min(best.values())) {
              break;
            }
          }
        } catch (RuntimeException e) {
          System.err.println(model.getKey() + ": " + e.getMessage());
        }
      }
    }
    List<Map.Entry<String, Double>> order =
        best.entrySet().stream().sorted(Map.Entry.comparingByValue()).toList();
    System.out.printf(
        Locale.ROOT,
        "%s quick: %s%n",
        row,
        order.stream()
            .limit(4)
            .map(e -> String.format(Locale.ROOT, "%s %.2f ms", e.getKey(), e.getValue()))
            .toList());
    return order.stream().map(Map.Entry::getKey).toList();
  }

  private List<Map<String, NdArray>> inputs(Row row) {
    PipelineSpec.Text text = (PipelineSpec.Text) workload.pipeline();
    PipelineSpec spec = row.length() == 0 ? text : text.withMaxLength(row.length());
    List<Map<String, NdArray>> inputs = new ArrayList<>();
    try (Session session = Backend.cpu().open(workload.model(), SessionOptions.defaults());
        InputPipeline pipeline = InputPipeline.open(spec, workload.folder(), session.inputs())) {
      int next = 0;
      while (inputs.size() < CALLS) {
        List<Example> batch = new ArrayList<>();
        while (batch.size() < row.batch()) {
          Example mail = mails.get(next++ % mails.size()).example();
          if (pipeline.length(mail) >= row.length()) {
            batch.add(mail);
          }
        }
        inputs.add(pipeline.encode(batch));
      }
    }
    return inputs;
  }

  /** The test split of the demo's glosses. */
  private static final class Splits {
    static List<LabeledExample> test(Workload workload) {
      return workload
          .splitter()
          .split(dev.hasten.measure.Dataset.open(workload.data().getFirst()))
          .test();
    }
  }
}
