package dev.hasten.compress;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Model;
import dev.hasten.graph.ModelException;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Matrix products with constant weights run in 8-bit integers; the scale of the activations is
 * found anew in each run, so no calibration is needed:
 *
 * <pre>{@code
 * Y = MatMul(X float[..,K], W float[K,N])   becomes
 * Q, s, z = DynamicQuantizeLinear(X)        once for all MatMuls that read X
 * Y = Mul(Cast(MatMulInteger(Q uint8, W int8[K,N], z)), Mul(s, scales[N]))
 * }</pre>
 *
 * ONNX Runtime fuses this, with a bias that follows, into DynamicQuantizeMatMul or
 * MatMulIntegerToFloat. Its Attention becomes QAttention.
 */
record DynamicInt8(
    boolean perChannel,
    WeightRange range,
    PairSums.Remedy saturating,
    QuantizedWeight.Clip clip,
    boolean unsigned,
    boolean embeddings,
    List<String> ops,
    Targets.Chosen chosen)
    implements Technique {

  private static final long LOWEST_OPSET = 11; // DynamicQuantizeLinear

  static final TechniqueInfo INFO =
      TechniqueInfo.lossy(
              "dynamic-int8",
              Stage.QUANTIZE,
              "Matrix products in 8-bit integers; activations are scaled in each run, without"
                  + " calibration.",
              List.of(
                  new Parameter.Choice(
                      "granularity",
                      "one scale per output channel or per weight",
                      List.of("per-channel", "per-tensor")),
                  WeightRange.PARAMETER,
                  PairSums.Remedy.PARAMETER,
                  new Parameter.Choice(
                      "clip",
                      "mse cuts large weights where that lowers the squared error",
                      List.of("none", "mse")),
                  new Parameter.Choice(
                      "weights",
                      "int8, or uint8: never saturates, but slower",
                      List.of("int8", "uint8")),
                  new Parameter.Flag(
                      "embeddings", "embedding tables become int8 too, for size", false),
                  new Parameter.Names(
                      "ops",
                      "operators to quantize",
                      List.of("MatMul", "Gemm", "Attention"),
                      List.of("MatMul", "Gemm", "Attention")),
                  Targets.Chosen.INCLUDE,
                  Targets.Chosen.EXCLUDE),
              settings ->
                  new DynamicInt8(
                      settings.word("granularity").equals("per-channel"),
                      WeightRange.of(settings),
                      PairSums.Remedy.of(settings),
                      settings.word("clip").equals("mse")
                          ? QuantizedWeight.Clip.MSE
                          : QuantizedWeight.Clip.NONE,
                      settings.word("weights").equals("uint8"),
                      settings.flag("embeddings"),
                      settings.names("ops"),
                      Targets.Chosen.of(settings)))
          .proposing("8-bit products, a scale per channel, no calibration")
          .proposing(
              "embeddings",
              "embedding tables in 8 bits too: a quarter of the size",
              "embeddings",
              true)
          .proposing("mse", "large weights cut where that lowers the squared error", "clip", "mse")
          .proposing(
              "per-tensor",
              "one scale per weight: for kernels that want it so",
              "granularity",
              "per-tensor");

  @Override
  public Applied apply(Model model, Context context) {
    Evidence evidence = new Evidence(INFO.name());
    if (model.opset() < LOWEST_OPSET) {
      throw new ModelException(
          "%s: opset %d (expected: >= %d). Put 'simplify' before dynamic-int8: it converts."
              .formatted(model.source(), model.opset(), LOWEST_OPSET));
    }
    Model result = model.copy();
    new Pass(result, range(context), context, evidence).run();
    result.graph().removeDead();
    Targets.noteQuantized(model, evidence);
    return evidence.of(result);
  }

  private WeightRange range(Context context) {
    // Unsigned weights run in another kernel, which does not saturate.
    return range == WeightRange.AUTO && unsigned ? WeightRange.FULL : range.on(context.hardware());
  }

  /** What is shared between the nodes of one model: activations and weights quantized once. */
  private final class Pass {
    private final Model model;
    private final Graph graph;
    private final WeightRange resolved;
    private final Context context;
    private final Evidence evidence;
    private final Map<Value, Node> activations = new HashMap<>();
    private final Map<Value, Weight> weights = new HashMap<>();

    Pass(Model model, WeightRange resolved, Context context, Evidence evidence) {
      this.model = model;
      this.graph = model.graph();
      this.resolved = resolved;
      this.context = context;
      this.evidence = evidence;
    }

    void run() {
      List<String> products = ops.stream().filter(op -> !op.equals("Attention")).toList();
      List<Node> nodes = Targets.matMuls(graph, products, chosen, evidence);
      Map<Node, List<PairSums.Sample>> samples = samples(nodes);
      for (Node node : nodes) {
        PairSums sums = pairSums(node, samples.getOrDefault(node, List.of()));
        PairSums.Remedy remedy =
            sums == null || range != WeightRange.AUTO
                ? PairSums.Remedy.PAIRED
                : sums.choose(saturating);
        if (remedy == PairSums.Remedy.EXCLUDE) {
          evidence.refuse(node, sums + "; left in floating point, as asked (saturating: exclude)");
          continue;
        }
        if (range == WeightRange.FULL && sums != null) {
          evidence.refuse(node, "not kept from saturating, as asked (range: full): " + sums);
        }
        Value weight = node.input(1);
        String what = describe(weight, unsigned || remedy == PairSums.Remedy.UINT8);
        matMul(node, unsigned || remedy == PairSums.Remedy.UINT8);
        evidence.changed(node.name(), what + (sums == null ? "" : "; " + sums));
      }
      if (ops.contains("Attention")) {
        for (Node node : List.copyOf(graph.nodes())) {
          if (node.is(Node.MICROSOFT, "Attention")) {
            attention(node);
          }
        }
      }
      if (embeddings) {
        Embeddings.quantize(graph, chosen, evidence);
      }
    }

    /** Of what may saturate here, inputs to see whether it does; none without data. */
    private Map<Node, List<PairSums.Sample>> samples(List<Node> nodes) {
      boolean looking =
          !unsigned && (range == WeightRange.AUTO || range == WeightRange.FULL) && !nodes.isEmpty();
      return looking
              && context.hardware().int8Saturates()
              && context.calibration().iterator().hasNext()
          ? PairSums.sample(model, nodes, context, INFO.name())
          : Map.of();
    }

    /** What the sums of two products come to; null where nothing can saturate or was seen. */
    private @Nullable PairSums pairSums(Node node, List<PairSums.Sample> samples) {
      Tensor matrix = Targets.constant(node.input(1));
      if (samples.isEmpty()) {
        return null;
      }
      QuantizedWeight full = rounded(matrix, WeightRange.FULL);
      if (full.saturatingPairs() == 0) {
        return null;
      }
      PairSums.Product product =
          new PairSums.Product(
              matrix.toFloats(), full, rounded(matrix, WeightRange.PAIRED), 1, k -> k);
      return PairSums.of(
          product,
          samples,
          sample ->
              ActivationCode.of(
                  new RangeRule.Range(sample.low(), sample.high()), DataType.UINT8, false));
    }

    private QuantizedWeight rounded(Tensor matrix, WeightRange to) {
      return QuantizedWeight.of(
          matrix.toFloats(),
          Math.toIntExact(matrix.dim(0)),
          Math.toIntExact(matrix.dim(1)),
          perChannel,
          to,
          clip);
    }

    private String describe(Value weight, boolean asUnsigned) {
      return "weight %s %s in %s %s per %s"
          .formatted(
              weight.name(),
              Targets.constant(weight).dims(),
              asUnsigned ? "uint8" : "int8",
              asUnsigned && range == WeightRange.AUTO ? WeightRange.FULL : resolved,
              perChannel ? "channel" : "tensor");
    }

    private void matMul(Node node, boolean asUnsigned) {
      Node activation = quantized(node.input(0));
      Weight weight = quantizedWeight(node.input(1), asUnsigned);
      String out = node.output().name();
      Value product =
          graph.op(
              out + "_int",
              "MatMulInteger",
              withZero(List.of(activation.output(0), weight.values, activation.output(2)), weight),
              Map.of());
      Value real =
          graph.op(
              out + "_f",
              "Cast",
              List.of(product),
              Map.of("to", new Attribute.Int(DataType.FLOAT.onnx())));
      Value scale =
          graph.op(out + "_scale", "Mul", List.of(activation.output(1), weight.scale), Map.of());
      Value result = graph.op(out + "_scaled", "Mul", List.of(real, scale), Map.of());
      String name = node.name();
      graph.replaceUses(node.output(), result);
      graph.remove(node);
      if (!name.isEmpty()) {
        graph.rename(java.util.Objects.requireNonNull(product.producer()), name);
      }
    }

    /** Attention(X, W, bias, mask) becomes QAttention(Q, W, bias, s, scales, mask, z, zeros). */
    private void attention(Node node) {
      Tensor matrix = node.input(1).constant();
      String reason =
          chosen.excludes(node)
              ? "excluded by the recipe"
              : matrix == null
                  ? "weight is not an initializer"
                  : node.inputs().stream().skip(4).anyMatch(java.util.Objects::nonNull)
                      ? "has past keys or an attention bias, which QAttention lacks"
                      : node.attribute("qkv_hidden_sizes") != null
                          ? "query, key and value differ in size, which QAttention lacks"
                          : Targets.unfitWeight(matrix, 2);
      if (reason != null || matrix == null) {
        evidence.refuse(
            node, reason + "; leave out fuse-attention to quantize its products one by one");
        return;
      }
      String what = describe(node.input(1), unsigned);
      Node activation = quantized(node.input(0));
      Weight weight = quantizedWeight(node.input(1), unsigned);
      String out = node.output().name();
      Value bias = node.inputOrNull(2);
      if (bias == null) {
        int width = Math.toIntExact(matrix.dim(1));
        bias = graph.addInitializer(out + "_bias", Tensor.floats(new float[width], width));
      }
      Node fused =
          graph.add(
              Node.MICROSOFT,
              "QAttention",
              withZero(
                  Arrays.asList(
                      activation.output(0),
                      weight.values,
                      bias,
                      activation.output(1),
                      weight.scale,
                      node.inputOrNull(3),
                      activation.output(2)),
                  weight),
              node.attributes(),
              List.of(out + "_q"));
      graph.replaceUses(node.output(), fused.output());
      graph.remove(node);
      evidence.changed(node.name(), what);
    }

    private Node quantized(Value value) {
      return activations.computeIfAbsent(
          value,
          v ->
              graph.add(
                  "",
                  "DynamicQuantizeLinear",
                  List.of(v),
                  Map.of(),
                  List.of(v.name() + "_q", v.name() + "_scale", v.name() + "_zero")));
    }

    /** The weight in bytes; nodes that share one share its type too, that of the first. */
    private Weight quantizedWeight(Value value, boolean asUnsigned) {
      return weights.computeIfAbsent(
          value,
          v -> {
            boolean whole = asUnsigned && range == WeightRange.AUTO;
            QuantizedWeight bytes =
                rounded(Targets.constant(v), whole ? WeightRange.FULL : resolved);
            return new Weight(
                graph.addInitializer(v.name() + "_q", bytes.tensor(asUnsigned)),
                graph.addInitializer(v.name() + "_scale", bytes.scaleTensor()),
                asUnsigned
                    ? graph.addInitializer(v.name() + "_zero", bytes.zeroPointTensor(true))
                    : null);
          });
    }
  }

  /** The inputs with the weight's zero point; one of 0 is left out: kernels pay for reading it. */
  private static List<@Nullable Value> withZero(
      List<? extends @Nullable Value> inputs, Weight weight) {
    List<@Nullable Value> all = new ArrayList<>(inputs);
    if (weight.zero != null) {
      all.add(weight.zero);
    }
    return all;
  }

  private record Weight(Value values, Value scale, @Nullable Value zero) {}
}
