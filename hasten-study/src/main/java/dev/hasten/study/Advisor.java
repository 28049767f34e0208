package dev.hasten.study;

import dev.hasten.measure.Hardware;
import dev.hasten.measure.OperatorProfile;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Says what each strategy could do, from what was measured. Expected gains follow from the share of
 * the time that a strategy touches. Amdahl 1967.
 */
final class Advisor {
  private static final Set<String> PRODUCTS =
      Set.of(
          "MatMul",
          "Gemm",
          "FusedMatMul",
          "Conv",
          "FusedConv",
          "Attention",
          "FusedGemm",
          "LSTM",
          "GRU");
  private static final Set<String> CONVOLUTIONS = Set.of("Conv", "FusedConv", "ConvTranspose");
  private static final Set<String> INTEGER =
      Set.of(
          "MatMulInteger",
          "DynamicQuantizeMatMul",
          "MatMulIntegerToFloat",
          "QLinearMatMul",
          "QLinearConv",
          "ConvInteger",
          "QAttention",
          "QGemm");

  /**
   * What integer convolutions gain at best over those in fp32: PP-OCR's nets, with VNNI
   * (docs/results/quantization-static.md).
   */
  private static final double INTEGER_CONVOLUTION = 2;

  private final ProfileResult profile;
  private final Hardware hardware;
  private final double products;
  private final double integer;
  private final List<Advice> advice = new ArrayList<>();

  private Advisor(ProfileResult profile, Hardware hardware) {
    this.profile = profile;
    this.hardware = hardware;
    this.products = share(PRODUCTS);
    this.integer = share(INTEGER);
  }

  static List<Advice> advise(ProfileResult profile, Hardware hardware) {
    Advisor advisor = new Advisor(profile, hardware);
    advisor.simplify();
    advisor.quantization();
    advisor.pruning();
    advisor.distillation();
    advisor.factorization();
    advisor.batching();
    advisor.earlyExit();
    advisor.threads();
    return List.copyOf(advisor.advice);
  }

  private double share(Set<String> types) {
    return profile.operators().operators().stream()
        .filter(o -> types.contains(o.opType()))
        .mapToDouble(OperatorProfile.OperatorTime::share)
        .sum();
  }

  private void simplify() {
    double others = Math.max(0, 1 - products - integer);
    add(
        Advice.Strategy.SIMPLIFY_AND_FUSE,
        true,
        1,
        amdahl(others, 1.25),
        ("%s of the time is outside matrix products and convolutions; the runtime fuses most of"
                + " what can be when it loads a model, so little of it is left to save.")
            .formatted(percent(others)));
  }

  private void quantization() {
    if (integer > products) {
      add(
          Advice.Strategy.QUANTIZATION,
          true,
          1,
          1,
          "The model is quantized already: %s of the time is in integer products."
              .formatted(percent(integer)));
      return;
    }
    ProductProbe probe = ProductProbe.of(profile, hardware);
    double convolutions = share(CONVOLUTIONS);
    String rest =
        convolutions > 0.05
            ? " Convolutions (%s) become integer ones by static-int8 alone, at up to %.1f× where the quality allows it."
                .formatted(percent(convolutions), INTEGER_CONVOLUTION)
            : "";
    if (probe.share() == 0 && convolutions <= 0.05) {
      add(
          Advice.Strategy.QUANTIZATION,
          true,
          1,
          1,
          "No time was seen in products by constant weights, which the integer kernels are for.");
      return;
    }
    double ratio =
        profile.peaks().int8OpsPerSecond() / Math.max(1, profile.peaks().fp32FlopsPerSecond());
    add(
        Advice.Strategy.QUANTIZATION,
        true,
        Math.max(amdahl(probe.share(), probe.speedup() * 0.8), 0.5),
        1
            / (1
                - probe.share()
                - convolutions
                + probe.share() / (probe.speedup() * 1.2)
                + convolutions / INTEGER_CONVOLUTION),
        ("%s of the time is in fp32 products by weights; timed on their own shapes, these are %.2f×"
                + " as fast in bytes on this machine (%s; a large product: %.1f×).%s")
            .formatted(percent(probe.share()), probe.speedup(), hardware.summary(), ratio, rest));
  }

  private void pruning() {
    add(
        Advice.Strategy.PRUNING,
        false,
        1,
        amdahl(products, 2),
        ("Removing half of the heads and channels would halve %s of the time, but it needs"
                + " fine-tuning. Not in Hasten yet.")
            .formatted(percent(products)));
  }

  private void distillation() {
    add(
        Advice.Strategy.DISTILLATION,
        false,
        1,
        3,
        "A student with a third of the layers takes about a third of the time, if training data"
            + " suffice. Not in Hasten yet.");
  }

  private void factorization() {
    double compute =
        profile.placements().stream()
            .filter(p -> PRODUCTS.contains(p.opType()))
            .filter(p -> p.bound() == dev.hasten.measure.Placement.Bound.COMPUTE)
            .mapToDouble(p -> p.time().toNanos())
            .sum();
    double all =
        Math.max(1, profile.placements().stream().mapToDouble(p -> p.time().toNanos()).sum());
    add(
        Advice.Strategy.FACTORIZATION,
        false,
        1,
        amdahl(compute / all, 1.5),
        "%s of the time is in products limited by arithmetic, which low-rank factors would lessen. Not in Hasten yet."
            .formatted(percent(compute / all)));
  }

  private void batching() {
    double single = 0;
    double most = 0;
    int batch = profile.row().batch();
    for (ProfileResult.Scaling s : profile.scaling()) {
      if (s.row().threads() == profile.row().threads()
          && s.row().length() == profile.row().length()) {
        single = s.row().batch() == profile.row().batch() ? s.examplesPerSecond() : single;
        if (s.examplesPerSecond() > most) {
          most = s.examplesPerSecond();
          batch = s.row().batch();
        }
      }
    }
    double gain = single == 0 ? 1 : most / single;
    add(
        Advice.Strategy.BATCHING_AND_PADDING,
        true,
        Math.max(1, 0.9 * gain),
        Math.max(1, Math.max(gain, 1 / Math.max(0.1, 1 - profile.padding()))),
        gain <= 1.02
            ? "No batch that was tried answers more examples a second than one of "
                + profile.row().batch()
                + "."
                + waste()
            : "A batch of %d answers %.2f× as many examples a second.%s"
                .formatted(batch, gain, waste()));
  }

  private String waste() {
    if (profile.padding() == 0 && profile.preprocessing().isZero()) {
      return "";
    }
    return " %s of the tokens in the workload's batches are padding; pre-processing is %s of a call."
        .formatted(percent(profile.padding()), percent(profile.preprocessingShare()));
  }

  private void earlyExit() {
    add(
        Advice.Strategy.EARLY_EXIT,
        false,
        1,
        2,
        "Easy inputs could leave after half of the layers; how many are easy is not measured."
            + " Not in Hasten yet.");
  }

  private void threads() {
    double one = 0;
    double all = 0;
    for (ProfileResult.Scaling s : profile.scaling()) {
      if (s.row().batch() == profile.row().batch() && s.row().length() == profile.row().length()) {
        one = s.row().threads() == 1 ? s.latency().toNanos() : one;
        all = s.row().threads() == hardware.cores() ? s.latency().toNanos() : all;
      }
    }
    // More than one core each is noise of a machine that was busy with something else.
    double gain = one == 0 || all == 0 ? 1 : Math.min(one / all, hardware.cores());
    add(
        Advice.Strategy.BACKEND_AND_THREADS,
        true,
        profile.row().threads() == hardware.cores() ? 1 : Math.max(1, 0.9 * gain),
        profile.row().threads() == hardware.cores() ? 1 : Math.max(1, gain),
        "%d threads answer %.2f× as fast as one. Only ONNX Runtime's CPU provider is tried."
            .formatted(hardware.cores(), gain));
  }

  private void add(Advice.Strategy strategy, boolean can, double low, double high, String reason) {
    advice.add(new Advice(strategy, can, Math.min(low, high), Math.max(low, high), reason));
  }

  /** The gain on the whole when {@code share} of it becomes {@code times} as fast. */
  static double amdahl(double share, double times) {
    return 1 / (1 - share + share / times);
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.0f %%", share * 100);
  }
}
