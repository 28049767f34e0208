package dev.hasten.study.report;

import dev.hasten.measure.OperatorProfile;
import dev.hasten.measure.OperatorProfile.NodeTime;
import dev.hasten.measure.OperatorProfile.OperatorTime;
import dev.hasten.measure.Peaks;
import dev.hasten.measure.Placement;
import dev.hasten.measure.Placement.Bound;
import dev.hasten.measure.Row;
import dev.hasten.study.ProfileResult;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;

/** Made-up profiles of a six-layer sentence encoder, in fp32 and in int8. */
final class SampleProfiles {
  private SampleProfiles() {}

  static ProfileResult before() {
    return profile("model.onnx", operatorsBefore(), 121e9);
  }

  static ProfileResult after() {
    return profile("model.onnx", operatorsAfter(), 402e9);
  }

  private static Peaks peaks() {
    return new Peaks(1, 121e9, 402e9, 11.4e9);
  }

  private static ProfileResult profile(String model, OperatorProfile operators, double peak) {
    return new ProfileResult(
        model,
        Samples.ROWS.getFirst(),
        operators.run(),
        Samples.millis(0.31),
        operators,
        placements(operators, peak),
        peaks(),
        List.of(
            new ProfileResult.Scaling(new Row(1, 16, 1), Samples.millis(6.1), 164),
            new ProfileResult.Scaling(new Row(8, 128, 1), Samples.millis(262), 30.5),
            new ProfileResult.Scaling(new Row(1, 128, 2), Samples.millis(18.4), 54.3)),
        22_713_216,
        90_400_000,
        2.86e9,
        0.31);
  }

  private static OperatorProfile operatorsBefore() {
    return operators(
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

  private static OperatorProfile operatorsAfter() {
    return operators(
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

  private static OperatorProfile operators(
      double total, List<String> types, List<Double> shares, List<Integer> counts) {
    var operators = new ArrayList<OperatorTime>();
    var nodes = new ArrayList<NodeTime>();
    for (int i = 0; i < types.size(); i++) {
      double share = shares.get(i);
      int count = counts.get(i);
      operators.add(new OperatorTime(types.get(i), count, Samples.millis(total * share), share));
      for (int n = 0; n < count; n++) {
        double part = share / count * (1.3 - 0.6 * n / count);
        String leaf = i == 0 && n == 0 ? Samples.HOSTILE : types.get(i) + "_" + n;
        nodes.add(
            new NodeTime(
                "encoder/layer." + n % 6 + "/" + leaf,
                types.get(i),
                Samples.millis(total * part),
                part));
      }
    }
    nodes.sort(Comparator.comparing(NodeTime::perRun).reversed());
    return new OperatorProfile(200, Samples.millis(total), operators, nodes);
  }

  private static List<Placement> placements(OperatorProfile profile, double peak) {
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
          Bound bound =
              n.opType().equals("Reshape") ? Bound.UNKNOWN : compute ? Bound.COMPUTE : Bound.MEMORY;
          return new Placement(
              n.node(), n.opType(), flops, flops / intensity, n.perRun(), limit, share, bound);
        })
        .toList();
  }
}
