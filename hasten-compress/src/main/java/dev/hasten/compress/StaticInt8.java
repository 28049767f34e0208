package dev.hasten.compress;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Model;
import dev.hasten.graph.ModelException;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * Matrix products with constant weights run in 8-bit integers; the ranges of the activations are
 * found on calibration data:
 *
 * <pre>{@code
 * MatMul(X, W)   becomes   MatMul(DequantizeLinear(QuantizeLinear(X)), DequantizeLinear(W int8))
 * }</pre>
 *
 * Activations are uint8, since ONNX Runtime has fast kernels only for that. Each MatMul has its own
 * pair: the runtime leaves a QuantizeLinear with several readers unfused.
 */
record StaticInt8(
    boolean perChannel,
    DynamicInt8.Range range,
    boolean minMax,
    double percentile,
    List<String> ops,
    Targets.Chosen chosen)
    implements Technique {
  static final TechniqueInfo INFO =
      TechniqueInfo.lossy(
              "static-int8",
              Stage.QUANTIZE,
              "Matrix products in 8-bit integers; activations are scaled by ranges found on calibration"
                  + " data.",
              List.of(
                  new Parameter.Choice(
                      "granularity",
                      "one scale per output channel or per weight",
                      List.of("per-channel", "per-tensor")),
                  new Parameter.Choice(
                      "range",
                      "weights within ±127 (full) or ±64 (reduced); auto decides by the processor",
                      List.of("auto", "full", "reduced")),
                  new Parameter.Choice(
                      "calibrate",
                      "how a range follows from what was seen",
                      List.of("percentile", "min-max")),
                  new Parameter.Real(
                      "percentile",
                      "share of the activations within the range, in %",
                      99.99,
                      50,
                      100),
                  new Parameter.Names(
                      "ops",
                      "operators to quantize",
                      List.of("MatMul", "Gemm"),
                      List.of("MatMul", "Gemm")),
                  Targets.Chosen.INCLUDE,
                  Targets.Chosen.EXCLUDE),
              settings ->
                  new StaticInt8(
                      settings.word("granularity").equals("per-channel"),
                      DynamicInt8.Range.valueOf(settings.word("range").toUpperCase(Locale.ROOT)),
                      settings.word("calibrate").equals("min-max"),
                      settings.real("percentile"),
                      settings.names("ops"),
                      Targets.Chosen.of(settings)))
          .proposing("ranges found on calibration data save looking for them in each run")
          .proposing(
              "min-max", "static ranges with every outlier kept in them", "calibrate", "min-max");

  private static final long LOWEST_OPSET = 13; // DequantizeLinear per channel

  @Override
  public Applied apply(Model model, Context context) {
    Evidence evidence = new Evidence(INFO.name());
    if (model.opset() < LOWEST_OPSET) {
      throw new ModelException(
          "%s: opset %d (expected: >= %d). Put 'simplify' before static-int8: it converts."
              .formatted(model.source(), model.opset(), LOWEST_OPSET));
    }
    Model result = model.copy();
    Graph graph = result.graph();
    List<Node> nodes = Targets.matMuls(graph, ops, chosen, evidence);
    Map<String, Histogram> seen = new LinkedHashMap<>();
    nodes.forEach(node -> seen.put(node.input(0).name(), new Histogram()));
    if (!seen.isEmpty()) {
      Calibration.observe(
          result,
          List.copyOf(seen.keySet()),
          context,
          INFO.name(),
          (value, batch) -> Objects.requireNonNull(seen.get(value)).add(batch.toFloats()));
    }
    int limit = range.reduced(context.hardware()) ? QuantizedWeight.REDUCED : QuantizedWeight.FULL;
    for (Node node : nodes) {
      quantize(
          graph, node, Objects.requireNonNull(seen.get(node.input(0).name())), limit, evidence);
    }
    graph.removeDead();
    Targets.noteQuantized(model, evidence);
    return evidence.of(result);
  }

  private void quantize(Graph graph, Node node, Histogram seen, int limit, Evidence evidence) {
    if (!seen.isFinite()) {
      evidence.refuse(node, "activations contain " + seen.firstOdd() + " on calibration data");
      return;
    }
    double tail = minMax ? 0 : (1 - percentile / 100) / 2;
    float low = seen.total() == 0 ? 0 : Math.min(0, tail == 0 ? seen.min() : seen.quantile(tail));
    float high =
        seen.total() == 0 ? 0 : Math.max(0, tail == 0 ? seen.max() : seen.quantile(1 - tail));
    float scale = (float) (((double) high - low) / 255);
    if (!(scale >= Float.MIN_NORMAL)) {
      evidence.refuse(
          node, "the range of its activations collapses: %s to %s".formatted(low, high));
      return;
    }
    int zero = (int) Math.max(0, Math.min(255, Math.rint(-low / (double) scale)));
    Value input = node.input(0);
    Value activation =
        pair(
            graph,
            input,
            Tensor.scalar(scale),
            Tensor.bytes(DataType.UINT8, new byte[] {(byte) zero}));
    Value weight = node.input(1);
    Tensor matrix = Targets.constant(weight);
    graph.setInput(node, 0, activation);
    graph.setInput(node, 1, dequantized(graph, weight, matrix, limit));
    evidence.changed(
        node.name(),
        "activations within [%.4g, %.4g], weight %s in ±%d"
            .formatted(low, high, matrix.dims(), limit));
  }

  private static Value pair(Graph graph, Value input, Tensor scale, Tensor zero) {
    Value s = graph.addInitializer(input.name() + "_scale", scale);
    Value z = graph.addInitializer(input.name() + "_zero", zero);
    Value q = graph.op(input.name() + "_q", "QuantizeLinear", List.of(input, s, z), Map.of());
    return graph.op(input.name() + "_dq", "DequantizeLinear", List.of(q, s, z), Map.of());
  }

  private Value dequantized(Graph graph, Value weight, Tensor matrix, int limit) {
    QuantizedWeight bytes =
        QuantizedWeight.of(
            matrix.toFloats(),
            Math.toIntExact(matrix.dim(0)),
            Math.toIntExact(matrix.dim(1)),
            perChannel,
            limit,
            QuantizedWeight.Clip.NONE);
    return graph.op(
        weight.name() + "_dq",
        "DequantizeLinear",
        List.of(
            graph.addInitializer(weight.name() + "_q", bytes.tensor(false)),
            graph.addInitializer(weight.name() + "_scale", bytes.scaleTensor()),
            graph.addInitializer(weight.name() + "_zero", bytes.zeroPointTensor(false))),
        perChannel ? Map.of("axis", new Attribute.Int(1)) : Map.of());
  }
}
