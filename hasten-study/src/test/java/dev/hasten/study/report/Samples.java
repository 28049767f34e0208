package dev.hasten.study.report;

import dev.hasten.graph.rewrite.Refusal;
import dev.hasten.measure.Hardware;
import dev.hasten.measure.Interval;
import dev.hasten.measure.OperatorProfile;
import dev.hasten.measure.OperatorProfile.NodeTime;
import dev.hasten.measure.OperatorProfile.OperatorTime;
import dev.hasten.measure.Peaks;
import dev.hasten.measure.Placement;
import dev.hasten.measure.Placement.Bound;
import dev.hasten.measure.Row;
import dev.hasten.measure.RowSpeed;
import dev.hasten.measure.SliceDrop;
import dev.hasten.measure.SubjectSpeed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;

/** Made-up measurements in the shape and size of a study of a six-layer sentence encoder. */
final class Samples {
  /** A name that would run if it were ever written as markup. */
  static final String HOSTILE =
      "</script><script>alert('node')</script><img src=x onerror=alert(1)>";

  private static final double[] BASE_MILLIS = {6.1, 33.6, 18.4, 118.0, 262.0, 143.0};
  private static final List<Row> ROWS =
      List.of(
          new Row(1, 16, 1),
          new Row(1, 128, 1),
          new Row(1, 128, 2),
          new Row(8, 64, 1),
          new Row(8, 128, 1),
          new Row(8, 128, 2));

  private Samples() {}

  static Interval interval(double estimate, double halfWidth) {
    return new Interval(estimate, estimate - halfWidth, estimate + halfWidth, 0.95);
  }

  /** Each subject's speed-up in each row is its own ratio, bent a little by the row. */
  static List<RowSpeed> speed(List<String> names, List<Double> ratios) {
    var random = new Random(3);
    return IntStream.range(0, ROWS.size())
        .mapToObj(row -> {
          var subjects = new ArrayList<SubjectSpeed>();
          for (int i = 0; i < names.size(); i++) {
            double ratio =
                i == 0 ? 1 : ratios.get(i) * (1 + 0.06 * (row - 2) + 0.02 * random.nextGaussian());
            subjects.add(subject(names.get(i), BASE_MILLIS[row] / ratio, ratio, i == 0, row));
          }
          return new RowSpeed(ROWS.get(row), subjects, interval(1.001, 0.013), row != 5);
        })
        .toList();
  }

  private static SubjectSpeed subject(
      String name, double millis, double ratio, boolean baseline, int row) {
    return new SubjectSpeed(
        name,
        400,
        millis(millis),
        millis(millis * 1.06),
        millis(millis * 1.21),
        1000 * ROWS.get(row).batch() / millis,
        baseline ? Interval.exact(1) : interval(ratio, 0.03 + 0.01 * row),
        !baseline && Math.abs(ratio - 1) < 0.03);
  }

  private static Duration millis(double millis) {
    return Duration.ofNanos((long) (millis * 1e6));
  }

  static Peaks peaks() {
    return new Peaks(1, 121e9, 402e9, 11.4e9);
  }

  static OperatorProfile before() {
    return profile(
        33.6,
        List.of(
            "MatMul",
            "Add",
            "Softmax",
            "Erf",
            "Mul",
            "Div",
            "ReduceMean",
            "Sub",
            "Pow",
            "Transpose",
            "Sqrt",
            "Gather",
            "Reshape",
            "Cast"),
        List.of(
            .815, .061, .031, .024, .016, .013, .012, .009, .007, .006, .002, .002, .0015, .0005),
        List.of(48, 50, 6, 6, 12, 19, 26, 13, 13, 24, 13, 5, 24, 3));
  }

  static OperatorProfile after() {
    return profile(
        12.4,
        List.of(
            "DynamicQuantizeMatMul",
            "MatMul",
            "DynamicQuantizeLinear",
            "Softmax",
            "BiasGelu",
            "SkipLayerNormalization",
            "MatMulIntegerToFloat",
            "Transpose",
            "Add",
            "Reshape",
            "Gather"),
        List.of(.441, .142, .098, .084, .071, .052, .047, .031, .018, .01, .006),
        List.of(18, 12, 12, 6, 6, 12, 18, 24, 6, 24, 5));
  }

  private static OperatorProfile profile(
      double total, List<String> types, List<Double> shares, List<Integer> counts) {
    var operators = new ArrayList<OperatorTime>();
    var nodes = new ArrayList<NodeTime>();
    for (int i = 0; i < types.size(); i++) {
      double share = shares.get(i);
      int count = counts.get(i);
      operators.add(new OperatorTime(types.get(i), count, millis(total * share), share));
      for (int n = 0; n < count; n++) {
        double part = share / count * (1.3 - 0.6 * n / count);
        String name =
            "encoder/layer." + n % 6 + "/" + (i == 0 && n == 0 ? HOSTILE : types.get(i) + "_" + n);
        nodes.add(new NodeTime(name, types.get(i), millis(total * part), part));
      }
    }
    nodes.sort(Comparator.comparing(NodeTime::perRun).reversed());
    return new OperatorProfile(200, millis(total), operators, nodes);
  }

  static List<Placement> placements(OperatorProfile profile, double peak) {
    var random = new Random(5);
    return profile.nodes().stream()
        .map(n -> {
          boolean heavy = n.opType().contains("MatMul");
          double seconds = n.perRun().toNanos() / 1e9;
          double intensity =
              heavy ? 25 + 60 * random.nextDouble() : 0.08 + 0.4 * random.nextDouble();
          double share =
              heavy ? 0.45 + 0.4 * random.nextDouble() : 0.15 + 0.6 * random.nextDouble();
          double limit = seconds * share;
          boolean compute = intensity > peak / peaks().bytesPerSecond();
          double flops = compute ? limit * peak : limit * peaks().bytesPerSecond() * intensity;
          return new Placement(
              n.node(),
              n.opType(),
              flops,
              flops / intensity,
              n.perRun(),
              limit,
              share,
              n.opType().equals("Reshape")
                  ? Bound.UNKNOWN
                  : compute ? Bound.COMPUTE : Bound.MEMORY);
        })
        .toList();
  }

  static List<SliceDrop> slices() {
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

  static List<Refusal> refusals() {
    var refusals = new ArrayList<Refusal>();
    for (int layer = 0; layer < 6; layer++) {
      refusals.add(
          new Refusal(
              "dynamic-int8",
              "encoder/layer." + layer + "/attention/MatMul_qk",
              "neither input is an initializer"));
      refusals.add(
          new Refusal(
              "dynamic-int8",
              "encoder/layer." + layer + "/attention/MatMul_pv",
              "neither input is an initializer"));
    }
    refusals.add(
        new Refusal(
            "dynamic-int8",
            "embeddings/word/Gather",
            "only MatMul, Gemm and Conv are quantized dynamically"));
    refusals.add(
        new Refusal("fuse-skip-layer-norm", HOSTILE, "the residual sum is also a graph output"));
    refusals.add(
        new Refusal("static-int8", "pooler/dense/Gemm", "its output is never used: <dead>"));
    return refusals;
  }

  static Hardware hardware() {
    return new Hardware(
        "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz",
        "x86_64",
        Set.of("avx2", "avx512f", "avx512_vnni"),
        2,
        8,
        24L << 30,
        List.of(
            new Hardware.Cache(1, "Data", 48 << 10),
            new Hardware.Cache(2, "Unified", 2 << 20),
            new Hardware.Cache(3, "Unified", 105 << 20)),
        "Linux 6.8");
  }
}
