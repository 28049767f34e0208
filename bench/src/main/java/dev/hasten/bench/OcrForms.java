package dev.hasten.bench;

import dev.hasten.compress.Applied;
import dev.hasten.compress.Context;
import dev.hasten.compress.Recipe;
import dev.hasten.compress.Step;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.measure.Bootstrap;
import dev.hasten.measure.Hardware;
import dev.hasten.measure.Interval;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The forms of one model that {@link OcrQuantized} compares, kept as files in a folder. */
final class OcrForms {
  private static final String NAME = "static-int8";
  private static final Set<String> WEIGHTED = Set.of("Conv", "MatMul", "Gemm");
  static final String ORIGINAL = "fp32";

  private final Path folder;
  private final Model model;
  private final Context context;

  /**
   * @param original file
   * @param folder of the forms
   * @param calibration encoded images
   */
  OcrForms(Path original, Path folder, List<Map<String, NdArray>> calibration) throws IOException {
    this.folder = Files.createDirectories(folder);
    Context bare = Context.of(Hardware.detect());
    this.model = Recipe.of(Step.of("simplify")).apply(Model.read(original), bare).model();
    this.context = bare.withCalibration(calibration);
    if (!Files.exists(file(ORIGINAL))) {
      Files.write(file(ORIGINAL), model.toBytes());
    }
  }

  Path file(String form) {
    return folder.resolve(form.replaceAll("[^a-z0-9.-]+", "-") + ".onnx");
  }

  /** Makes one form, unless its file is there. */
  void make(String form, Step... steps) throws IOException {
    if (Files.exists(file(form))) {
      return;
    }
    Applied applied = Recipe.of(steps).apply(model, context);
    Files.write(file(form), applied.model().toBytes());
    System.out.printf(
        "%-30s %d changes, %d refusals%n",
        form, applied.changes().size(), applied.refusals().size());
  }

  /**
   * Makes range rules, a repair, and mixtures that leave the most sensitive layers in floating
   * point.
   *
   * @param asked the only forms to make; empty: all
   * @return their names
   */
  List<String> makeAll(List<String> asked, List<Map<String, NdArray>> probes, int... excluded)
      throws IOException {
    Map<String, List<Step>> forms = new LinkedHashMap<>();
    for (String rule : List.of("percentile", "min-max", "moving-average", "entropy", "mse")) {
      forms.put(rule, List.of(Step.of(NAME, "calibrate", rule)));
    }
    forms.put(
        "min-max, bias-correction",
        List.of(Step.of(NAME, "calibrate", "min-max"), Step.of("bias-correction")));
    for (int count : excluded) {
      String form = "min-max, without " + count + " layers";
      if (asked.isEmpty() || asked.contains(form)) {
        List<String> worst = worst(probes);
        List<String> out = worst.subList(0, Math.min(count, worst.size()));
        forms.put(form, List.of(Step.of(NAME, "calibrate", "min-max", "exclude", out)));
      }
    }
    List<String> names = new ArrayList<>(List.of(ORIGINAL));
    for (Map.Entry<String, List<Step>> form : forms.entrySet()) {
      if (asked.isEmpty() || asked.contains(form.getKey())) {
        make(form.getKey(), form.getValue().toArray(Step[]::new));
        names.add(form.getKey());
      }
    }
    return names;
  }

  /** The weighted layers, first the one that alone in 8 bits changes the output most. */
  private List<String> worst(List<Map<String, NdArray>> probes) throws IOException {
    Path known = folder.resolve("sensitivity.txt");
    if (Files.exists(known)) {
      return Files.readAllLines(known).stream().map(line -> line.split("\t")[0]).toList();
    }
    Map<String, Double> errors = new LinkedHashMap<>();
    List<float[]> right = outputs(model, probes);
    for (Node node : model.graph().nodes()) {
      if (WEIGHTED.contains(node.opType()) && node.input(1).constant() != null) {
        Step alone =
            Step.of(
                NAME,
                "calibrate",
                "min-max",
                "include",
                List.of(node.name()),
                "ops",
                List.of(node.opType()));
        errors.put(
            node.name(),
            error(right, outputs(alone.create().apply(model, context).model(), probes)));
      }
    }
    List<String> lines =
        errors.entrySet().stream()
            .sorted(Map.Entry.<String, Double>comparingByValue(Comparator.reverseOrder()))
            .map(e -> String.format(Locale.ROOT, "%s\t%.3g", e.getKey(), e.getValue()))
            .toList();
    Files.write(known, lines);
    return lines.stream().map(line -> line.split("\t")[0]).toList();
  }

  private static List<float[]> outputs(Model model, List<Map<String, NdArray>> probes) {
    List<float[]> outputs = new ArrayList<>();
    try (Session session = Backend.cpu().open(model.toBytes(), "probe", options())) {
      for (Map<String, NdArray> probe : probes) {
        outputs.add(session.run(probe).values().iterator().next().toFloats());
      }
    }
    return outputs;
  }

  /** {@code Σ (ŷ − y)² / Σ y²}. */
  private static double error(List<float[]> right, List<float[]> found) {
    double error = 0;
    double power = 0;
    for (int i = 0; i < right.size(); i++) {
      for (int k = 0; k < right.get(i).length; k++) {
        double e = found.get(i)[k] - right.get(i)[k];
        error += e * e;
        power += (double) right.get(i)[k] * right.get(i)[k];
      }
    }
    return error / power;
  }

  static SessionOptions options() {
    return SessionOptions.defaults().withIntraOpThreads(1);
  }

  /** Forms and images interleaved, one thread; ratios of each form's time to the original's. */
  void time(List<String> forms, List<Map<String, NdArray>> images, int rounds) {
    Map<String, Session> sessions = new LinkedHashMap<>();
    for (String form : forms) {
      sessions.put(form, Backend.cpu().open(file(form), options()));
    }
    Map<String, double[]> times = new LinkedHashMap<>();
    for (String form : forms) {
      times.put(form, new double[rounds]);
    }
    for (int round = -5; round < rounds; round++) {
      Map<String, NdArray> image = images.get(Math.floorMod(round, images.size()));
      for (Map.Entry<String, Session> session : sessions.entrySet()) {
        long start = System.nanoTime();
        session.getValue().run(image);
        if (round >= 0) {
          times.getOrDefault(session.getKey(), new double[0])[round] =
              (System.nanoTime() - start) / 1e6;
        }
      }
    }
    sessions.values().forEach(Session::close);
    double[] original = times.getOrDefault(ORIGINAL, new double[0]);
    System.out.println("| form | median | over fp32 | bytes |");
    System.out.println("|---|---|---|---|");
    times.forEach((form, taken) -> {
      double[] ratios = new double[rounds];
      for (int i = 0; i < rounds; i++) {
        ratios[i] = original[i] / taken[i];
      }
      Interval ratio = Bootstrap.median(ratios, 0.95, 1);
      System.out.printf(
          Locale.ROOT,
          "| %s | %.2f ms | %.2f× [%.2f, %.2f] | %,d |%n",
          form,
          Bootstrap.median(taken, 0.95, 1).estimate(),
          ratio.estimate(),
          ratio.low(),
          ratio.high(),
          file(form).toFile().length());
    });
  }
}
