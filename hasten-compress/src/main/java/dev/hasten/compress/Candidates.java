package dev.hasten.compress;

import dev.hasten.graph.Model;
import dev.hasten.measure.Hardware;
import java.util.ArrayList;
import java.util.List;

/** Which recipes deserve a trial, best expectation first. */
final class Candidates {
  private static final Step SIMPLIFY = Step.of("simplify");
  private static final Step SMOOTH = Step.of("smooth-quant");

  private Candidates() {}

  static List<Candidate> of(Hardware hardware, Model model) {
    List<Candidate> list = new ArrayList<>();
    add(list, "simplify", "the same function with fewer operators: what everything builds on");
    if (Targets.alreadyQuantized(model).isPresent()) {
      return list;
    }
    String range =
        hardware.int8Saturates()
            ? "weights within ±64, as this processor's byte products saturate"
            : "this processor multiplies bytes with full-width sums";
    add(
        list,
        "int8-smooth",
        "8-bit products with outlier channels balanced: int8's speed, most of the quality; "
            + range,
        SMOOTH,
        Step.of("dynamic-int8"));
    add(
        list,
        "int8",
        "8-bit products, a scale per channel, no calibration; " + range,
        Step.of("dynamic-int8"));
    add(
        list,
        "int8-smooth-embeddings",
        "as int8-smooth, with embedding tables in 8 bits: a quarter of the size",
        SMOOTH,
        Step.of("dynamic-int8", "embeddings", true));
    for (String fusion :
        List.of("fuse-skip-layer-norm", "fuse-bias-gelu", "fuse-attention", "merge-qkv")) {
      add(
          list,
          "int8-smooth-" + fusion,
          "whether the fused operator is faster beside 8-bit products flips between runtimes",
          Step.of(fusion),
          SMOOTH,
          Step.of("dynamic-int8"));
    }
    add(
        list,
        "int8-all-fusions",
        "all fused operators together",
        Step.of("fuse-attention"),
        Step.of("fuse-skip-layer-norm"),
        Step.of("fuse-bias-gelu"),
        SMOOTH,
        Step.of("dynamic-int8"));
    add(
        list,
        "int8-mse",
        "large weights cut where that lowers the squared error",
        SMOOTH,
        Step.of("dynamic-int8", "clip", "mse"));
    add(
        list,
        "int8-tensor",
        "one scale per weight: for kernels that want it so",
        SMOOTH,
        Step.of("dynamic-int8", "granularity", "per-tensor"));
    add(
        list,
        "static-int8-smooth",
        "ranges found on calibration data save looking for them in each run",
        SMOOTH,
        Step.of("static-int8"));
    add(
        list,
        "static-int8-min-max",
        "as before with every outlier kept in the range",
        SMOOTH,
        Step.of("static-int8", "calibrate", "min-max"));
    add(
        list,
        "weight-only-int8",
        "a quarter of the size at the original speed, nearly no loss",
        Step.of("weight-only-int8"));
    add(list, "fp16", "half of the size at the original speed, no loss", Step.of("fp16"));
    return list;
  }

  private static void add(List<Candidate> list, String name, String why, Step... steps) {
    List<Step> all = new ArrayList<>(List.of(SIMPLIFY));
    all.addAll(List.of(steps));
    list.add(new Candidate(name, new Recipe(all), why));
  }
}
