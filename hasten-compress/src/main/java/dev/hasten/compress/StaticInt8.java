package dev.hasten.compress;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Model;
import dev.hasten.graph.ModelException;
import dev.hasten.graph.Node;
import dev.hasten.graph.Value;
import dev.hasten.runtime.BadInputException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Products and convolutions with constant weights run in 8-bit integers, and what lies between two
 * of them too; the ranges of the activations are found on calibration data:
 *
 * <pre>{@code
 * MatMul(X, W)          becomes   MatMul(DequantizeLinear(QuantizeLinear(X)), DequantizeLinear(W int8))
 * Relu(Conv(X, W, b))   becomes   DQ(Q(Conv(DQ(Q(X)), DQ(W int8), DQ(b int32))))
 * }</pre>
 *
 * with the bias at scale {@code sx · sw} (Jacob et al., Quantization and Training of Neural
 * Networks for Efficient Integer-Arithmetic-Only Inference, 2018). MatMul and Gemm return floats
 * unless every reader takes integers. Activations are uint8 by default, since x86 has fast kernels
 * only for that.
 */
record StaticInt8(
    boolean operators,
    boolean perChannel,
    WeightRange range,
    PairSums.Remedy saturating,
    DataType activations,
    boolean symmetric,
    RangeRule rule,
    double percentile,
    List<String> ops,
    Targets.Chosen chosen)
    implements Technique {
  private static final List<String> OPS = all();

  static final TechniqueInfo INFO =
      TechniqueInfo.lossy(
              "static-int8",
              Stage.QUANTIZE,
              "Products, convolutions and what lies between them in 8-bit integers; activations are"
                  + " scaled by ranges found on calibration data.",
              List.of(
                  new Parameter.Choice(
                      "format",
                      "qdq: pairs around float operators, which the runtime fuses; qoperator: ONNX"
                          + " Runtime's integer operators themselves",
                      List.of("qdq", "qoperator")),
                  new Parameter.Choice(
                      "granularity",
                      "one scale per output channel or per weight",
                      List.of("per-channel", "per-tensor")),
                  WeightRange.PARAMETER,
                  PairSums.Remedy.PARAMETER,
                  ActivationCode.PARAMETER,
                  new Parameter.Flag(
                      "symmetric", "activations around zero have it in the middle", false),
                  RangeRule.PARAMETER,
                  new Parameter.Real(
                      "percentile",
                      "share of the activations within the range, in %",
                      99.99,
                      50,
                      100),
                  new Parameter.Names("ops", "operators to quantize", OPS, allowed()),
                  Targets.Chosen.INCLUDE,
                  Targets.Chosen.EXCLUDE),
              settings ->
                  new StaticInt8(
                      settings.word("format").equals("qoperator"),
                      settings.word("granularity").equals("per-channel"),
                      WeightRange.of(settings),
                      PairSums.Remedy.of(settings),
                      ActivationCode.type(settings),
                      settings.flag("symmetric"),
                      RangeRule.of(settings),
                      settings.real("percentile"),
                      settings.names("ops"),
                      Targets.Chosen.of(settings)))
          .proposing("ranges found on calibration data save looking for them in each run")
          .proposing(
              "min-max", "static ranges with every outlier kept in them", "calibrate", "min-max");

  private static final long LOWEST_OPSET = 13; // DequantizeLinear per channel
  private static final long WIDE_OPSET = 21; // QuantizeLinear to 16 bits

  StaticInt8 {
    ops = List.copyOf(ops);
    if (operators && activations.bytes(1) > 1) {
      throw new BadInputException(
          "static-int8: activations: %s with format: qoperator (expected: uint8|int8; there are no"
                  .formatted(activations)
              + " integer operators of 16 bits)");
    }
  }

  private static List<String> all() {
    List<String> all = new ArrayList<>(List.of("Conv", "MatMul", "Gemm"));
    all.addAll(IntegerRegion.COMPUTING);
    all.remove("Softmax"); // its 8-bit outputs cost more quality than the step takes time
    all.addAll(IntegerRegion.MOVING);
    return List.copyOf(all);
  }

  private static List<String> allowed() {
    List<String> allowed = new ArrayList<>(OPS);
    allowed.add("Softmax");
    return List.copyOf(allowed);
  }

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
    IntegerRegion region = IntegerRegion.of(graph, ops, chosen, evidence);
    Map<Value, Observed> seen = observe(result, region, context, evidence);
    Map<Value, ActivationCode> codes = codes(region, seen, evidence);
    Map<Node, List<PairSums.Sample>> samples = samples(result, region, context);
    QdqWriter writer = new QdqWriter(graph, codes, pairDomain(result));
    for (Map.Entry<Node, IntegerRegion.Role> entry : region.roles().entrySet()) {
      Node node = entry.getKey();
      PairSums sums = null;
      LayerWeight weight = null;
      if (IntegerRegion.WEIGHTED.contains(node.opType())) {
        sums = pairSums(node, codes, samples.getOrDefault(node, List.of()));
        if (remedy(sums) == PairSums.Remedy.EXCLUDE) {
          evidence.refuse(node, sums + "; left in floating point, as asked (saturating: exclude)");
          continue;
        }
        if (range == WeightRange.FULL && sums != null) {
          evidence.refuse(node, "not kept from saturating, as asked (range: full): " + sums);
        }
        weight = weight(node, codes, context, sums);
      }
      String what = describe(node, weight, region, codes, seen) + (sums == null ? "" : "; " + sums);
      writer.write(node, entry.getValue(), weight);
      evidence.changed(node.name(), what);
    }
    graph.removeDead();
    if (operators) {
      QOperators.rewrite(result);
    }
    Targets.noteQuantized(model, evidence);
    return evidence.of(result);
  }

  private Map<Value, Observed> observe(
      Model model, IntegerRegion region, Context context, Evidence evidence) {
    Map<Value, Observed> seen = new LinkedHashMap<>();
    for (Node node : region.roles().keySet()) {
      region.scaled(node).forEach(value -> seen.put(value, new Observed()));
    }
    if (!seen.isEmpty()) {
      Map<String, Observed> byName = new LinkedHashMap<>();
      seen.forEach((value, observed) -> byName.put(value.name(), observed));
      long examples =
          Calibration.observe(
              model,
              List.copyOf(byName.keySet()),
              context,
              INFO.name(),
              (name, batch) -> Objects.requireNonNull(byName.get(name)).add(batch));
      if (examples == 1) {
        evidence.refuse(
            model.graph().name(),
            "calibrated on 1 example: what others hold beyond its ranges is cut (expected: some dozen)");
      }
    }
    return seen;
  }

  /** The codes of all values; nodes with a value that has none stay in floating point. */
  private Map<Value, ActivationCode> codes(
      IntegerRegion region, Map<Value, Observed> seen, Evidence evidence) {
    Map<Value, ActivationCode> codes = new HashMap<>();
    Map<Value, String> odd = new HashMap<>();
    seen.forEach((value, observed) -> {
      RangeRule.Range found = rule.of(observed, percentile, ActivationCode.levels(activations));
      ActivationCode code = ActivationCode.of(found, activations, symmetric);
      if (!observed.histogram().isFinite()) {
        odd.put(
            value,
            "activations '%s' contain %s on calibration data"
                .formatted(value.name(), observed.histogram().firstOdd()));
      } else if (code == null) {
        odd.put(
            value,
            "the range of the activations '%s' collapses: %s to %s"
                .formatted(value.name(), found.low(), found.high()));
      } else {
        codes.put(value, code);
      }
    });
    for (Node node : List.copyOf(region.roles().keySet())) {
      for (Value value : region.scaled(node)) {
        String reason = odd.get(value);
        if (reason != null) {
          evidence.refuse(node, reason);
          region.drop(node);
          break;
        }
      }
    }
    // What was moved keeps the code of where it comes from.
    for (Node node : region.roles().keySet()) {
      for (Value input : IntegerRegion.dataInputs(node)) {
        ActivationCode code = codes.get(region.origin(input));
        if (code != null) {
          codes.putIfAbsent(input, code);
        }
      }
    }
    return codes;
  }

  private String pairDomain(Model model) {
    if (activations.bytes(1) == 1 || model.opset() >= WIDE_OPSET) {
      return "";
    }
    if (!model.opsets().containsKey(Node.MICROSOFT)) {
      model.setOpset(Node.MICROSOFT, 1);
    }
    return Node.MICROSOFT;
  }

  /** Whether bytes of the layer meet in sums of 16 bits: weights int8, activations uint8. */
  private boolean mayPair(Node node) {
    // One weight per output: the kernel for depthwise convolutions adds in 32 bits.
    return activations == DataType.UINT8 && !isDepthwise(node);
  }

  /** Of what may saturate here, inputs to see whether it does. */
  private Map<Node, List<PairSums.Sample>> samples(
      Model model, IntegerRegion region, Context context) {
    List<Node> nodes =
        region.roles().keySet().stream()
            .filter(node -> IntegerRegion.WEIGHTED.contains(node.opType()) && mayPair(node))
            .toList();
    boolean looking = range == WeightRange.AUTO || range == WeightRange.FULL;
    return looking && context.hardware().int8Saturates() && !nodes.isEmpty()
        ? PairSums.sample(model, nodes, context, INFO.name())
        : Map.of();
  }

  /** What the sums of two products come to; null where nothing can saturate or was seen. */
  private @Nullable PairSums pairSums(
      Node node, Map<Value, ActivationCode> codes, List<PairSums.Sample> samples) {
    ActivationCode code = codes.get(node.input(0));
    if (samples.isEmpty() || code == null) {
      return null;
    }
    LayerWeight full = LayerWeight.of(node, perChannel, WeightRange.FULL);
    if (full.saturatingPairs() == 0) {
      return null;
    }
    LayerWeight paired = LayerWeight.of(node, perChannel, WeightRange.PAIRED);
    int groups = Math.toIntExact(node.is("Conv") ? node.intAttribute("group", 1) : 1);
    return PairSums.of(full.product(paired, groups), samples, sample -> code);
  }

  /** What keeps the layer from saturating; paired weights where nothing was seen. */
  private PairSums.Remedy remedy(@Nullable PairSums sums) {
    return sums == null || range != WeightRange.AUTO
        ? PairSums.Remedy.PAIRED
        : sums.choose(saturating);
  }

  private LayerWeight weight(
      Node node, Map<Value, ActivationCode> codes, Context context, @Nullable PairSums sums) {
    WeightRange resolved = range == WeightRange.AUTO && !mayPair(node) ? WeightRange.FULL : range;
    resolved = resolved.on(context.hardware());
    LayerWeight weight = LayerWeight.of(node, perChannel, resolved);
    boolean unsigned = remedy(sums) == PairSums.Remedy.UINT8;
    if (unsigned
        || sums == null && resolved == WeightRange.PAIRED && saturating == PairSums.Remedy.AUTO) {
      LayerWeight full = LayerWeight.of(node, perChannel, WeightRange.FULL);
      // Where nothing was seen of the inputs, the weights' own error decides.
      if (unsigned
          || range == WeightRange.AUTO && weight.error() > PairSums.COSTLY * full.error()) {
        full.makeUnsigned();
        weight = full;
      }
    }
    Value bias = node.inputOrNull(2);
    ActivationCode input = codes.get(node.input(0));
    if (bias != null && input != null) {
      weight.fitBias(Targets.constant(bias).toFloats(), input.scale());
    }
    return weight;
  }

  private static boolean isDepthwise(Node node) {
    return node.is("Conv")
        && node.intAttribute("group", 1) > 1
        && Targets.constant(node.input(1)).dim(1) == 1;
  }

  private String describe(
      Node node,
      @Nullable LayerWeight weight,
      IntegerRegion region,
      Map<Value, ActivationCode> codes,
      Map<Value, Observed> seen) {
    List<String> parts = new ArrayList<>();
    for (Value value : region.scaled(node)) {
      ActivationCode code = codes.get(value);
      Observed observed = seen.get(value);
      if (code != null && observed != null) {
        parts.add("%s in %s".formatted(value.name(), code));
        observed
            .outliers()
            .ifPresent(outliers -> parts.add("%s has %s".formatted(value.name(), outliers)));
      }
    }
    if (weight != null) {
      parts.add("weight " + weight);
    }
    List<Node> folded = IntegerRegion.folded(node);
    if (!folded.isEmpty() && region.roles().get(node) != IntegerRegion.Role.PRODUCT) {
      parts.add(
          folded.stream().map(Node::opType).reduce((a, b) -> a + ", " + b).orElse("") + " folded");
    }
    return parts.isEmpty() ? "on integers" : String.join("; ", parts);
  }
}
