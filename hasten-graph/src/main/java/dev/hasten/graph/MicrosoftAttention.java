package dev.hasten.graph;

import static dev.hasten.graph.OpFacts.Kind.CONTRACTION;
import static dev.hasten.graph.OpFacts.Kind.ELEMENTWISE;
import static dev.hasten.graph.OpFacts.Kind.GATHER;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** ONNX Runtime's attention operators and what its transformer optimizer puts around them. */
final class MicrosoftAttention {
  private MicrosoftAttention() {}

  static void addTo(Map<String, Operator> table) {
    table.put("Attention", attention(1, 2));
    table.put("QAttention", attention(1, 2));
    for (String name : List.of("MultiHeadAttention", "DecoderMaskedMultiHeadAttention")) {
      table.put(
          name,
          Operator.of(CONTRACTION, MicrosoftAttention::multiHead)
              .flow(MicrosoftAttention::rowsOfQuery)
              .flops("2 × pairs × (widths)", MicrosoftAttention::multiHeadFlops));
    }
    for (String name : List.of("GroupQueryAttention", "SparseAttention")) {
      table.put(
          name,
          Operator.of(CONTRACTION, MicrosoftAttention::grouped)
              .flow(MicrosoftAttention::rowsOfQuery)
              .flops("4 × outputs × cache length", MicrosoftAttention::groupedFlops));
    }
    for (String name : List.of("RotaryEmbedding", "MRotaryEmbedding")) {
      table.put(
          name,
          Operator.of(ELEMENTWISE, ElementwiseOperators::same)
              .flow((node, flow) -> {
                int rank = node.input(0).rank();
                Flows.mixing(node, flow, axis -> axis == rank - 1);
              })
              .flops(Operator.perOutput(6)));
    }
    table.put("RelativePositionBias", Operator.of(GATHER, MicrosoftAttention::positionBias));
    table.put("LongformerAttention", Operator.of(CONTRACTION, ElementwiseOperators::same));
    for (String name : List.of("LinearAttention", "CausalConvWithState")) {
      table.put(name, OperatorTable.standard(name));
    }
    table.put("BeamSearch", Operator.of(OpFacts.Kind.CONTROL, s -> generated(s, 4)));
    for (String name : List.of("GreedySearch", "Sampling")) {
      table.put(name, Operator.of(OpFacts.Kind.CONTROL, s -> generated(s, -1)));
    }
  }

  /**
   * Projection of input [batch, length, hidden] by weights [hidden, 3·width], then attention: the
   * result is [batch, length, width], and the state [2, batch, heads, past + length, width /
   * heads].
   */
  private static Operator attention(int weight, int bias) {
    return Operator.of(CONTRACTION, site -> attention(site, weight, bias))
        .flow((node, flow) -> {
          flow.axis(0, 0, new AxisFlow.Identity(0, 0));
          flow.axis(0, 1, new AxisFlow.Mix(0, 1));
          flow.axis(0, 2);
          flow.contract(0, 2, weight, 0);
        })
        .flops(
            "projections + 4 × pairs × width",
            node -> {
              Shape in = node.input(0);
              Dim rows = in.dim(0).times(in.dim(1));
              Dim projections = rows.times(in.dim(2)).times(node.input(weight).dim(1)).times(2);
              Dim width = node.output(0).dim(2);
              return projections.plus(rows.times(in.dim(1)).times(width).times(4));
            });
  }

  private static void attention(Site site, int weight, int bias) {
    Shape input = site.shape(0);
    Shape weights = site.shape(weight);
    boolean quantized = site.node().is("QAttention");
    DataType type = quantized ? site.type(3) : site.type(0);
    long[] widths = site.integers("qkv_hidden_sizes");
    if (input == null || (weights == null && widths == null) || input.rank() != 3) {
      site.put(0, type, site.freshShape(0, 3));
      return;
    }
    Shape biases = site.shape(bias);
    Dim all = weights != null ? weights.dim(-1) : biases == null ? Dim.ZERO : biases.dim(0);
    Dim width = widths != null && widths.length == 3 ? Dim.of(widths[2]) : all.floorDiv(3);
    site.put(0, type, Shape.of(input.dim(0), input.dim(1), width));
    long heads = site.integer("num_heads", 0);
    if (heads > 0) {
      Shape past = site.shape(quantized ? 8 : 4);
      Dim length = past == null ? input.dim(1) : input.dim(1).plus(past.dim(3));
      site.put(1, type, Shape.of(2, input.dim(0), heads, length, width.floorDiv(heads)));
    }
  }

  /**
   * Query [batch, length, width], or all three packed as [batch, length, heads, 3, width / heads];
   * keys and values [batch, length, width], packed [batch, length, heads, 2, …], or already by
   * heads [batch, heads, length, …].
   */
  private static void multiHead(Site site) {
    Shape query = site.shape(0);
    Shape key = site.has(1) ? site.shape(1) : null;
    Shape value = site.has(2) ? site.shape(2) : null;
    long heads = site.integer("num_heads", 0);
    if (query == null || heads <= 0 || query.rank() < 3 || unknown(site, key, value)) {
      for (int i = 0; i < site.outputCount(); i++) {
        site.put(i, site.type(0), site.freshShape(i, i == 0 ? 3 : 4));
      }
      return;
    }
    Dim keyWidth;
    Dim valueWidth;
    Dim length;
    if (query.rank() == 5) {
      keyWidth = query.dim(4);
      valueWidth = keyWidth;
      length = query.dim(1);
    } else if (key != null && key.rank() == 5) {
      keyWidth = key.dim(4);
      valueWidth = keyWidth;
      length = key.dim(1);
    } else {
      keyWidth = query.dim(2).floorDiv(heads);
      valueWidth =
          value == null
              ? keyWidth
              : value.rank() == 4 ? value.dim(3) : value.dim(2).floorDiv(heads);
      length = key == null ? query.dim(1) : key.dim(key.rank() == 4 ? 2 : 1);
    }
    site.put(0, site.type(0), Shape.of(query.dim(0), query.dim(1), valueWidth.times(heads)));
    int past = site.node().is("MultiHeadAttention") ? 6 : 5;
    Dim total = length;
    if (site.has(past)) {
      Shape before = site.shape(past);
      total = before == null || before.rank() != 4 ? site.fresh(1, 2) : total.plus(before.dim(2));
    }
    site.put(1, site.type(0), Shape.of(query.dim(0), heads, total, keyWidth));
    site.put(2, site.type(0), Shape.of(query.dim(0), heads, total, valueWidth));
    site.put(3, site.type(0), Shape.of(query.dim(0), heads, query.dim(1), total));
  }

  private static boolean unknown(Site site, @Nullable Shape key, @Nullable Shape value) {
    return (site.has(1) && key == null) || (site.has(2) && value == null);
  }

  private static void rowsOfQuery(Costs.Shaped node, Operator.Flow flow) {
    flow.axis(0, 0, new AxisFlow.Identity(0, 0));
    flow.axis(0, 1, new AxisFlow.Identity(0, 1));
  }

  private static Dim multiHeadFlops(Costs.Shaped node) {
    Shape query = node.input(0);
    Shape result = node.output(0);
    Shape key = query.rank() == 3 ? node.input(1) : query;
    Dim length = key.dim(key.rank() == 4 ? 2 : 1);
    Dim width = query.rank() == 3 ? query.dim(2) : result.dim(2);
    Dim pairs = query.dim(0).times(query.dim(1)).times(length);
    return pairs.times(width.plus(result.dim(2))).times(2);
  }

  /** Fewer heads of keys and values than of queries; these may come packed behind the query. */
  private static void grouped(Site site) {
    Shape query = site.shape(0);
    long heads = site.integer("num_heads", 0);
    long shared = site.integer("kv_num_heads", 0);
    DataType cache = site.has(3) ? site.type(3) : site.type(0);
    if (query == null || query.rank() != 3 || heads <= 0 || shared <= 0) {
      site.put(0, site.type(0), site.freshShape(0, 3));
      site.put(1, cache, site.freshShape(1, 4));
      site.put(2, cache, site.freshShape(2, 4));
      return;
    }
    boolean packed = !site.has(1);
    Dim width = query.dim(2).floorDiv(packed ? heads + 2 * shared : heads);
    site.put(0, site.type(0), Shape.of(query.dim(0), query.dim(1), width.times(heads)));
    // The cache grows to the length that a run gives, or stays the buffer that it is.
    for (int i = 1; i <= 2; i++) {
      site.put(i, cache, Shape.of(query.dim(0), Dim.of(shared), site.fresh(1, "cache"), width));
    }
  }

  private static Dim groupedFlops(Costs.Shaped node) {
    return node.outputSize(0).times(node.output(1).dim(2)).times(4);
  }

  /** Table [buckets, heads] to [1, heads, query length, key length]. */
  private static void positionBias(Site site) {
    Shape buckets = site.shape(0);
    Content query = site.content(1);
    Content key = site.content(2);
    site.put(
        0,
        site.type(0),
        Shape.of(
            Dim.ONE,
            buckets == null ? site.fresh(0, 1) : buckets.dim(1),
            site.length(0, 2, query == null ? null : query.get(0)),
            site.length(0, 3, key == null ? null : key.get(0))));
  }

  /** Sequences of ids, as long as input 1 says; several for each prompt if an input says so. */
  private static void generated(Site site, int returned) {
    Shape prompts = site.shape(0);
    Dim batch = prompts == null ? site.fresh(0, 0) : prompts.dim(0);
    Content most = site.content(1);
    Dim length = site.length(0, returned < 0 ? 1 : 2, most == null ? null : most.get(0));
    if (returned < 0) {
      site.put(0, DataType.INT32, Shape.of(batch, length));
    } else {
      Content count = site.content(returned);
      Dim each = site.length(0, 1, count == null ? null : count.get(0));
      site.put(0, DataType.INT32, Shape.of(batch, each, length));
    }
  }
}
