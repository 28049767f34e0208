package dev.hasten.study;

import dev.hasten.compress.Context;
import dev.hasten.compress.Step;
import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.measure.Hardware;
import dev.hasten.measure.OperatorProfile.NodeTime;
import dev.hasten.measure.OperatorProfile.TensorShape;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * How much faster the integer kernels are on the very products of a profile: the dearest shapes are
 * built as models of one product each and timed before and after {@code dynamic-int8}, scaling of
 * the activations included. A large square product, by which a machine's peak is told, may gain
 * much more.
 *
 * @param share of the run's time in products by constant weights, 0 to 1
 * @param speedup of these, weighted by their time; 1 if there is none
 */
record ProductProbe(double share, double speedup) {
  private static final int SHAPES = 4;
  private static final int ROUNDS = 9;
  private static final Duration EACH = Duration.ofMillis(60);

  /** Beyond this a product takes seconds. */
  private static final double MOST_FLOPS = 2e10;

  private record Product(long rows, long depth, long columns) {
    double flops() {
      return 2.0 * rows * depth * columns;
    }
  }

  static ProductProbe of(ProfileResult profile, Hardware hardware) {
    Map<Product, Double> shares = new HashMap<>();
    for (NodeTime node : profile.operators().nodes()) {
      if (isByWeights(node)) {
        shares.merge(product(node), node.share(), Double::sum);
      }
    }
    double share = shares.values().stream().mapToDouble(Double::doubleValue).sum();
    double before = 0;
    double after = 0;
    List<Map.Entry<Product, Double>> dearest =
        shares.entrySet().stream()
            .filter(e -> e.getKey().flops() < MOST_FLOPS)
            .sorted(Map.Entry.<Product, Double>comparingByValue(Comparator.reverseOrder()))
            .limit(SHAPES)
            .toList();
    for (Map.Entry<Product, Double> entry : dearest) {
      before += entry.getValue();
      after += entry.getValue() / speedup(entry.getKey(), profile.row().threads(), hardware);
    }
    return new ProductProbe(share, after == 0 ? 1 : before / after);
  }

  /** The runtime packs constant factors when it loads the model: they are no inputs of a run. */
  private static boolean isByWeights(NodeTime node) {
    boolean product = List.of("MatMul", "Gemm", "FusedMatMul", "FusedGemm").contains(node.opType());
    return product
        && !node.inputs().isEmpty()
        && !node.outputs().isEmpty()
        && node.inputs().getFirst().dims().size() > 1
        && node.inputs().stream().skip(1).allMatch(s -> s.dims().size() < 2);
  }

  private static Product product(NodeTime node) {
    TensorShape in = node.inputs().getFirst();
    long depth = Math.max(1, in.dims().getLast());
    return new Product(
        Math.max(1, in.size() / depth),
        depth,
        Math.max(1, node.outputs().getFirst().dims().getLast()));
  }

  private static double speedup(Product p, int threads, Hardware hardware) {
    SplittableRandom random = new SplittableRandom(1);
    float[] weights = normal(p.depth() * p.columns(), random);
    float[] input = normal(p.rows() * p.depth(), random);
    Model plain =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, p.rows(), p.depth())
            .floats("w", weights, p.depth(), p.columns())
            .node("y", "MatMul", "x", "w")
            .output("y", DataType.FLOAT, p.rows(), p.columns())
            .build();
    Model integer = Step.of("dynamic-int8").create().apply(plain, Context.of(hardware)).model();
    Map<String, NdArray> call = Map.of("x", NdArray.floats(input, p.rows(), p.depth()));
    SessionOptions options = SessionOptions.defaults().withIntraOpThreads(threads);
    List<Double> ratios = new ArrayList<>();
    try (Session a = Backend.cpu().open(plain.toBytes(), "float product", options);
        Session b = Backend.cpu().open(integer.toBytes(), "integer product", options)) {
      long end = System.nanoTime() + EACH.toNanos();
      for (int round = 0; round < ROUNDS || System.nanoTime() < end; round++) {
        long start = System.nanoTime();
        a.run(call);
        long middle = System.nanoTime();
        b.run(call);
        // The first rounds warm both up.
        if (round > 1) {
          ratios.add((middle - start) / (double) (System.nanoTime() - middle));
        }
      }
    }
    ratios.sort(null);
    return ratios.get(ratios.size() / 2);
  }

  private static float[] normal(long count, SplittableRandom random) {
    float[] numbers = new float[Math.toIntExact(count)];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    return numbers;
  }
}
