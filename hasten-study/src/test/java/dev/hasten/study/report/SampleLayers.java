package dev.hasten.study.report;

import dev.hasten.study.LayerStudy;
import dev.hasten.study.Step;
import dev.hasten.study.layers.Layer;
import dev.hasten.study.layers.Probe;
import dev.hasten.study.layers.Walk;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What was found about the layers of an encoder with six blocks. */
final class SampleLayers {
  private static final String DYNAMIC = "dynamic-int8";
  private static final String STATIC = "static-int8";

  private SampleLayers() {}

  static LayerStudy of() {
    List<Probe> probes = new ArrayList<>();
    for (int block = 0; block < 6; block++) {
      String scope = "/encoder/layer." + block;
      probes.add(probe(scope, "attention/self/query/MatMul", "3 × MatMul [384, 384]", 3, block));
      probes.add(probe(scope, "attention/output/dense/MatMul", "MatMul [384, 384]", 1, block));
      probes.add(probe(scope, "intermediate/dense/MatMul", "MatMul [384, 1536]", 4, block));
      probes.add(probe(scope, "output/dense/MatMul", "MatMul [1536, 384]", 5, block));
    }
    List<Walk.Stop> stops = Walk.of(probes, Walk.Gain.TIME).stops();
    return new LayerStudy(
        List.of(new Step("simplify", Map.of()), new Step("smooth-quant", Map.of())),
        List.of(new Step(DYNAMIC, Map.of()), new Step(STATIC, Map.of())),
        "'dynamic-int8' does not surely keep the promise (drop of 0.07)",
        probes,
        List.of(new LayerStudy.Left("/pooler/dense/MatMul", "the time was up before its turn")),
        Duration.ofSeconds(21),
        List.of(
            new LayerStudy.Tried("t1", stops.get(18)), new LayerStudy.Tried("t2", stops.get(12))));
  }

  private static Probe probe(String scope, String name, String kind, int size, int block) {
    Layer layer =
        new Layer(scope + "/" + name, List.of(scope + "/" + name), kind, scope, 589_824L * size);
    double error = 1e-4 * size * (1 + block % 3) * (block == 5 ? 9 : 1);
    Duration time = Duration.ofNanos(500_000L * size);
    return new Probe(
        layer,
        time,
        List.of(
            new Probe.Effect(
                DYNAMIC, error, Math.sqrt(error), time.dividedBy(3), layer.weightBytes() / 4),
            new Probe.Effect(
                STATIC,
                error * 8,
                Math.sqrt(error * 8),
                time.multipliedBy(3).dividedBy(10),
                layer.weightBytes() / 4)));
  }
}
