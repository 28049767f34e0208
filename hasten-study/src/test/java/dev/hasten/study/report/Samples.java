package dev.hasten.study.report;

import dev.hasten.measure.Hardware;
import dev.hasten.measure.Interval;
import dev.hasten.measure.Row;
import dev.hasten.measure.SliceDrop;
import dev.hasten.measure.Split;
import dev.hasten.study.Advice;
import dev.hasten.study.Advice.Strategy;
import dev.hasten.study.Objective;
import dev.hasten.study.Quality;
import dev.hasten.study.SpeedRow;
import dev.hasten.study.Step;
import dev.hasten.study.StudyResult;
import dev.hasten.study.Trial;
import dev.hasten.study.Trial.Kind;
import dev.hasten.study.Trial.RefusalNote;
import dev.hasten.study.Trial.Stage;
import dev.hasten.study.Trial.Status;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A made-up study in the shape and size of one of a six-layer sentence encoder. */
final class Samples {
  /** A name that would run if it were ever written as markup. */
  static final String HOSTILE = "</script><script>alert('x')</script><img src=x onerror=alert(1)>";

  private static final double[] BASE_MILLIS = {33.6, 6.1, 18.4, 118.0, 262.0, 143.0};
  static final List<Row> ROWS =
      List.of(
          new Row(1, 128, 1),
          new Row(1, 16, 1),
          new Row(1, 128, 2),
          new Row(8, 64, 1),
          new Row(8, 128, 1),
          new Row(8, 128, 2));
  private static final Random RANDOM = new Random(3);

  private Samples() {}

  /** A study that delivered {@code t6}. */
  static StudyResult delivered() {
    return study("t6", "t6", List.of("baseline", "t1", "t5", "t6"), Quality.Verdict.KEPT);
  }

  /** A study in which nothing was good enough. */
  static StudyResult nothing() {
    return study(null, "t6", List.of("baseline"), Quality.Verdict.UNDECIDED);
  }

  private static StudyResult study(
      @Nullable String delivered, String finalist, List<String> frontier, Quality.Verdict verdict) {
    List<Trial> trials = new ArrayList<>();
    trials.add(trial("t1", "simplify", 1.04, 0.0001, 90.2, Status.MEASURED, step("simplify")));
    trials.add(
        trial("t2", "fp16", 0.71, 0.0012, 45.3, Status.MEASURED, step("simplify"), step("fp16")));
    trials.add(
        trial(
            "t3",
            "weight-only-int8",
            0.99,
            0.019,
            23.1,
            Status.MEASURED,
            step("weight-only-int8")));
    trials.add(
        trial(
            "t4",
            "dynamic-int8 per tensor",
            2.45,
            0.106,
            22.9,
            Status.MEASURED,
            step("simplify"),
            step("dynamic-int8", "granularity", "per-tensor")));
    trials.add(
        trial(
            "t5",
            "dynamic-int8 per channel",
            2.52,
            0.018,
            23.0,
            Status.MEASURED,
            step("simplify"),
            step("dynamic-int8", "granularity", "per-channel")));
    trials.add(
        trial(
            "t6",
            "fuse + dynamic-int8 per channel",
            2.70,
            0.011,
            22.9,
            Status.MEASURED,
            step("simplify"),
            step("fuse", "rules", List.of("attention", "skip-layer-norm", "bias-gelu")),
            step("dynamic-int8", "granularity", "per-channel", "reduced-range", false)));
    trials.add(
        trial(
            "t7",
            "static-int8 min-max",
            1.9,
            0.21,
            23.5,
            Status.DROPPED,
            step("simplify"),
            step("static-int8", "calibration", "minmax")));
    trials.add(
        trial(
            "t8",
            "static-int8 percentile",
            1.92,
            0.09,
            23.5,
            Status.MEASURED,
            step("simplify"),
            step("static-int8", "calibration", "percentile", "percentile", 99.99)));
    trials.add(
        trial(
            "t9", "fuse-attention <on fp16>", 0, 0, 0, Status.FAILED, step("fp16"), step("fuse")));
    trials.replaceAll(t -> t.id().equals(finalist) ? tested(t, verdict) : t);
    return new StudyResult(
        "0.1.0-SNAPSHOT",
        Instant.parse("2026-11-24T06:12:00Z"),
        Duration.ofSeconds(412),
        asked(),
        new StudyResult.Outcome(
            delivered != null,
            delivered,
            delivered != null
                ? "Fastest at batch 1 × 128 among the recipes that keep the promise on the test split."
                : "The fastest recipe could not be shown to keep the promise with the data given.",
            delivered != null ? 1 : 2),
        trial("baseline", "original", 1, 0, 90.4, Status.MEASURED),
        trials,
        List.of(trial("peer-1", "all-minilm-l6-v2-q.onnx", 2.3, 0.115, 23.0, Status.MEASURED)),
        frontier,
        SampleProfiles.before(),
        delivered == null ? null : SampleProfiles.after(),
        advice(),
        List.of(
            new StudyResult.TuningRow(1, "ALL", millis(12.4), 80.6, true),
            new StudyResult.TuningRow(1, "EXTENDED", millis(12.9), 77.5, false),
            new StudyResult.TuningRow(2, "ALL", millis(13.0), 76.9, false)),
        SampleLayers.of(),
        hardware(),
        Map.of("JDK", "25.0.3+9", "ONNX Runtime", "1.29.0", "Operating system", "Linux 6.8"),
        List.of(
            "./hasten optimize workload.yaml --budget 10m",
            "./hasten apply recipe.yaml model.onnx --output fast.onnx"),
        delivered == null
            ? List.of()
            : List.of(
                new StudyResult.BundleFile("bundle.json", 1843, "9f".repeat(32)),
                new StudyResult.BundleFile("model.onnx", 22_912_345, "4b".repeat(32)),
                new StudyResult.BundleFile("tokenizer.json", 711_661, "be".repeat(32))),
        List.of("The machine was noisy during 2 of 6 rows: intervals there are wide."));
  }

  private static StudyResult.Asked asked() {
    return new StudyResult.Asked(
        "all-minilm-l6-v2.onnx",
        "6fd5d72fe4589f189f8ebc006442dbb529bb7ce38f8082112682524616046452",
        90_405_214,
        22_713_216,
        11,
        List.of("wordnet-glosses.jsonl"),
        "jsonl",
        512,
        1500,
        2000,
        "overlap@10",
        "the share of each example's ten nearest neighbours that stay the same when the original is"
            + " replaced.",
        true,
        0.05,
        0.95,
        null,
        Objective.LATENCY,
        Duration.ofMinutes(10),
        ROWS,
        ROWS.getFirst(),
        Map.of());
  }

  private static Step step(String technique, Object... namesAndValues) {
    var params = new LinkedHashMap<String, Object>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      params.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return new Step(technique, params);
  }

  private static Trial trial(
      String id,
      String label,
      double ratio,
      double drop,
      double megabytes,
      Status status,
      Step... steps) {
    Kind kind =
        id.equals("baseline") ? Kind.BASELINE : id.startsWith("peer") ? Kind.PEER : Kind.CANDIDATE;
    boolean measured = status == Status.MEASURED;
    return new Trial(
        id,
        label,
        kind,
        status,
        measured ? Stage.FINAL : status == Status.DROPPED ? Stage.QUICK_QUALITY : Stage.APPLIED,
        switch (status) {
          case MEASURED -> "";
          case DROPPED -> "overlap@10 fell by 0.21 on 200 examples (allowed: 0.05)";
          case NOT_TRIED -> "the time was up before its turn";
          case FAILED ->
              "the runtime rejects the model: Type Error: Type 'tensor(float16)' of input "
                  + HOSTILE;
        },
        kind == Kind.CANDIDATE ? "MatMul takes 82 % of the time and this processor has VNNI." : "",
        List.of(steps),
        (long) (megabytes * 1e6),
        megabytes > 0 ? "ab".repeat(32) : "",
        measured ? speed(ratio, kind == Kind.BASELINE) : List.of(),
        kind == Kind.BASELINE
            ? new Trial.MemoryUse(412_000_000, 186_000_000, millis(402), millis(910))
            : null,
        kind == Kind.BASELINE || status == Status.FAILED || status == Status.NOT_TRIED
            ? null
            : quality(
                Split.VALIDATE,
                drop,
                1500,
                drop > 0.05 ? Quality.Verdict.BROKEN : Quality.Verdict.KEPT),
        null,
        steps.length == 0
            ? List.of()
            : List.of(
                new Trial.ChangeCount("simplify", "fold-constants", 87),
                new Trial.ChangeCount("simplify", "layer-norm", 13)),
        kind == Kind.CANDIDATE ? refusals(steps) : List.of(),
        Duration.ofMillis((long) (9000 + 20_000 * RANDOM.nextDouble())));
  }

  private static Trial tested(Trial t, Quality.Verdict verdict) {
    return new Trial(
        t.id(),
        t.label(),
        t.kind(),
        t.status(),
        Stage.TESTED,
        t.reason(),
        t.expectation(),
        t.recipe(),
        t.fileBytes(),
        t.sha256(),
        t.speed(),
        new Trial.MemoryUse(301_000_000, 74_000_000, millis(118), millis(640)),
        t.validate(),
        quality(Split.TEST, 0.0112, 2000, verdict),
        t.changes(),
        t.refusals(),
        t.took());
  }

  private static Quality quality(Split split, double drop, int examples, Quality.Verdict verdict) {
    boolean test = split == Split.TEST;
    return new Quality(
        split,
        "overlap@10",
        1,
        1 - drop,
        interval(drop, test ? 0.0018 : 0.0024),
        verdict,
        verdict == Quality.Verdict.UNDECIDED ? 5400 : 0,
        examples,
        "Drop %.4f, at most %.4f with 95 %% confidence; 0.05 allowed."
            .formatted(drop, drop + .0018),
        test ? slices() : List.of());
  }

  static Interval interval(double estimate, double halfWidth) {
    return new Interval(estimate, estimate - halfWidth, estimate + halfWidth, 0.95);
  }

  /** The ratio, bent a little by the row. */
  private static List<SpeedRow> speed(double headline, boolean baseline) {
    return IntStream.range(0, ROWS.size())
        .mapToObj(i -> {
          double ratio =
              baseline || i == 0
                  ? headline
                  : headline * (1.02 - 0.05 * i + 0.02 * RANDOM.nextGaussian());
          double millis = BASE_MILLIS[i] / ratio;
          return new SpeedRow(
              ROWS.get(i),
              millis(millis),
              millis(millis * 1.06),
              millis(millis * 1.21),
              1000 * ROWS.get(i).batch() / millis,
              baseline ? Interval.exact(1) : interval(ratio, 0.03 + 0.01 * i),
              interval(1.001, 0.013),
              !baseline && Math.abs(ratio - 1) < 0.03,
              400);
        })
        .toList();
  }

  static Duration millis(double millis) {
    return Duration.ofNanos((long) (millis * 1e6));
  }

  private static List<SliceDrop> slices() {
    List<String> names =
        List.of(
            "noun.motive",
            "verb.weather",
            "noun.relation",
            "verb.creation",
            "noun.feeling",
            "verb.change",
            "noun.act",
            "noun.body",
            "noun.food",
            "verb.motion",
            "noun.plant",
            "noun.animal",
            "noun.person",
            "noun.location");
    return IntStream.range(0, names.size())
        .mapToObj(i -> {
          double drop = 0.031 - 0.002 * i;
          return new SliceDrop(
              "lexfile",
              names.get(i),
              21 + 37 * i,
              1,
              1 - drop,
              interval(drop, 0.011 + 0.02 / (1 + i)),
              i == 0);
        })
        .toList();
  }

  private static List<RefusalNote> refusals(Step... steps) {
    var refusals = new ArrayList<RefusalNote>();
    if (steps[steps.length - 1].technique().equals("dynamic-int8")) {
      for (int layer = 0; layer < 6; layer++) {
        for (String leaf : List.of("MatMul_qk", "MatMul_pv")) {
          refusals.add(
              new RefusalNote(
                  "dynamic-int8",
                  "encoder/layer." + layer + "/attention/" + leaf,
                  "neither input is an initializer"));
        }
      }
      refusals.add(
          new RefusalNote(
              "dynamic-int8",
              "embeddings/word/Gather",
              "only MatMul, Gemm and Conv are quantized dynamically"));
    }
    if (steps.length == 3) {
      refusals.add(new RefusalNote("fuse", HOSTILE, "the residual sum is also a graph output"));
    }
    return refusals;
  }

  private static List<Advice> advice() {
    return List.of(
        new Advice(
            Strategy.QUANTIZATION,
            true,
            1.9,
            3.1,
            "82 % of the time is in 36 fp32 matrix products with constant weights, and this processor has VNNI."),
        new Advice(
            Strategy.SIMPLIFY_AND_FUSE,
            true,
            1,
            1.2,
            "13 LayerNorm and 6 GELU patterns are spelled out in 97 elementwise nodes (12 % of the time)."),
        new Advice(
            Strategy.BATCHING_AND_PADDING,
            false,
            1.1,
            1.45,
            "31 % of the tokens are padding at batch 8."),
        new Advice(
            Strategy.DISTILLATION,
            false,
            1.5,
            2,
            "Half of the layers would do half of the work; needs training data."),
        new Advice(
            Strategy.EARLY_EXIT,
            false,
            1,
            1,
            "The output is an embedding: there is no confidence to stop on."));
  }

  static Hardware hardware() {
    return new Hardware(
        "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz",
        "x86_64",
        Set.of("avx2", "avx512f", "avx512_vnni"),
        2,
        8,
        25_769_803_776L,
        List.of(
            new Hardware.Cache(1, "Data", 48 << 10),
            new Hardware.Cache(2, "Unified", 2 << 20),
            new Hardware.Cache(3, "Unified", 105 << 20)),
        "Linux 6.8");
  }
}
