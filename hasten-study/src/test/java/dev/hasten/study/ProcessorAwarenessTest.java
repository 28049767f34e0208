package dev.hasten.study;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.compress.Candidate;
import dev.hasten.compress.Techniques;
import dev.hasten.graph.Model;
import dev.hasten.measure.Hardware;
import dev.hasten.study.FakeRunner.Outcome;
import dev.hasten.study.layers.Layer;
import dev.hasten.study.layers.Probe;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The same model and study end with other recipes on other processors. Speeds are those recorded on
 * a MiniLM-shaped encoder with ONNX Runtime 1.26, batch 1, length 128, one thread, on the AVX2 and
 * on the VNNI path: dynamic 1.65 and 2.54 times fp32, static 1.53 and 2.26. Errors per layer are
 * those measured on MiniLM; weights within ±64 have half the steps, hence four times the power of
 * the error.
 */
class ProcessorAwarenessTest {
  private static final Hardware VNNI = processor("avx2", "avx512f", "avx512_vnni");
  private static final Hardware AVX2 = processor("avx2");

  /** Output over noise, in dB, with one layer of each block quantized, on VNNI. */
  private static final double[][] DECIBELS = {
    {47.3, 47.7, 40.1, 29.0},
    {43.9, 50.3, 40.2, 33.2},
    {42.9, 49.9, 41.9, 33.8},
    {43.8, 50.0, 41.2, 35.7},
    {41.8, 48.3, 38.9, 36.9},
    {38.7, 42.0, 43.1, 40.3}
  };

  /** Milliseconds of these layers in fp32. */
  private static final double[] MILLIS = {1.1, 0.36, 1.45, 1.4};

  private static final double ALLOWED = 0.03;

  /** What the rest of a call takes, which no format makes faster. */
  private static final double REST = 9;

  @TempDir Path folder;

  private static Hardware processor(String... sets) {
    return new Hardware("recorded", "x86_64", Set.of(sets), 2, 2, 0, List.of(), "Linux");
  }

  private static double speedup(Hardware hardware, String format) {
    boolean dynamic = format.equals("dynamic-int8");
    return hardware.int8Saturates() ? (dynamic ? 1.65 : 1.53) : (dynamic ? 2.54 : 2.26);
  }

  private static List<Probe> probes(Hardware hardware) {
    List<Probe> probes = new ArrayList<>();
    for (int block = 0; block < DECIBELS.length; block++) {
      for (int i = 0; i < MILLIS.length; i++) {
        String name = "/layer.%d/%s".formatted(block, List.of("qkv", "out", "up", "down").get(i));
        double error = Math.pow(10, -DECIBELS[block][i] / 10) * (hardware.int8Saturates() ? 4 : 1);
        double millis = MILLIS[i];
        List<Probe.Effect> effects = new ArrayList<>();
        for (String format : List.of("dynamic-int8", "static-int8")) {
          // The recorded ratios are of whole encoders: those of their products are larger.
          double product = millis / (1.4 * speedup(hardware, format));
          effects.add(new Probe.Effect(format, error, 0, nanos(product), 1_000));
        }
        probes.add(
            new Probe(new Layer(name, List.of(name), "MatMul", "", 4_000), nanos(millis), effects));
      }
    }
    return probes;
  }

  private static Duration nanos(double millis) {
    return Duration.ofNanos(Math.round(millis * 1e6));
  }

  /** How a recipe turns out: by its layers, the drop in proportion to the root of the error. */
  private static Outcome outcome(Hardware hardware, List<Step> recipe) {
    double error = 0;
    double time = REST;
    for (Probe probe : probes(hardware)) {
      Probe.Effect effect = effect(probe, recipe);
      error += effect == null ? 0 : effect.error();
      time += (effect == null ? probe.time() : effect.time()).toNanos() / 1e6;
    }
    double whole = REST + DECIBELS.length * (1.1 + 0.36 + 1.45 + 1.4);
    double drop = 0.8 * Math.sqrt(error);
    return new Outcome(drop, drop, whole / time, 500, Set.of());
  }

  private static Probe.@org.jspecify.annotations.Nullable Effect effect(
      Probe probe, List<Step> recipe) {
    for (Step step : recipe) {
      if (probe.effect(step.technique()).isPresent()
          && fits(probe.layer().name(), step.params().getOrDefault("include", List.of("*")))
          && !fits(probe.layer().name(), step.params().getOrDefault("exclude", List.of()))) {
        return probe.effect(step.technique()).orElseThrow();
      }
    }
    return null;
  }

  private static boolean fits(String name, Object patterns) {
    return ((List<?>) patterns)
        .stream()
            .map(p -> String.valueOf(p).replace(".", "[.]").replace("*", ".*"))
            .anyMatch(name::matches);
  }

  private Trial delivered(Hardware hardware, String journal) {
    Workload workload =
        Searches.workload(
            Objective.LATENCY,
            Workload.Limits.NONE,
            new Workload.Asked(ALLOWED, 0.95, OptionalDouble.empty()));
    List<Study.Planned> planned = new ArrayList<>();
    for (Candidate candidate : Techniques.candidates(hardware, Model.create(17))) {
      List<Step> steps =
          candidate.recipe().steps().stream()
              .map(s -> new Step(s.technique(), s.params()))
              .toList();
      planned.add(
          new Study.Planned("t" + (planned.size() + 1), candidate.name(), steps, candidate.why()));
    }
    FakeRunner runner =
        new FakeRunner(workload, java.util.Map.of())
            .withLayers(probes(hardware))
            .answering(recipe -> outcome(hardware, recipe));
    Search.Found found =
        Searches.run(workload, runner, planned, folder.resolve(journal), Progress.NONE);
    return Objects.requireNonNull(found.chosen(), found.reason());
  }

  @Test
  void theRecipeFollowsTheProcessor() {
    Trial vnni = delivered(VNNI, "vnni.jsonl");
    Trial avx2 = delivered(AVX2, "avx2.jsonl");
    assertThat(vnni.recipe()).isNotEqualTo(avx2.recipe());
    // Fewer layers bear weights within ±64 for the same promise.
    assertThat(quantized(VNNI, vnni)).isGreaterThan(quantized(AVX2, avx2));
    assertThat(quantized(AVX2, avx2)).isPositive();
    // Each would have been the wrong choice on the other.
    assertThat(outcome(AVX2, vnni.recipe()).drop()).isGreaterThan(ALLOWED);
    double there = vnni.speed().getFirst().speedup().estimate();
    assertThat(outcome(VNNI, avx2.recipe()).speedup()).isLessThan(there);
  }

  private static long quantized(Hardware hardware, Trial trial) {
    return probes(hardware).stream().filter(p -> effect(p, trial.recipe()) != null).count();
  }
}
