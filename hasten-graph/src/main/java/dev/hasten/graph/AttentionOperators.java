package dev.hasten.graph;

import static dev.hasten.graph.OpFacts.Kind.CONTRACTION;
import static dev.hasten.graph.OpFacts.Kind.ELEMENTWISE;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Attention of the standard, and what goes with it in language models. */
final class AttentionOperators {
  private AttentionOperators() {}

  static void addTo(Map<String, Operator> table) {
    table.put(
        "Attention",
        Operator.of(CONTRACTION, AttentionOperators::attention)
            .flow(AttentionOperators::flow)
            .flops("2 × total length × (Q + Y)", AttentionOperators::flops));
    table.put(
        "RotaryEmbedding",
        Operator.of(ELEMENTWISE, ElementwiseOperators::same)
            .flow((node, flow) -> {
              int rank = node.input(0).rank();
              Flows.mixing(node, flow, axis -> axis == rank - 1);
            })
            .flops(Operator.perOutput(6)));
    table.put(
        "LinearAttention",
        Operator.of(CONTRACTION, AttentionOperators::linear)
            .flops("4 × outputs × key width", AttentionOperators::linearFlops));
    table.put(
        "CausalConvWithState",
        Operator.of(CONTRACTION, AttentionOperators::causal)
            .flow((node, flow) -> Flows.mixing(node, flow, axis -> axis == 2))
            .flops(
                "2 × outputs × kernel",
                node -> node.outputSize(0).times(node.input(1).dim(-1)).times(2)));
    table.put(
        "SwiGLU",
        Operator.of(ELEMENTWISE, ElementwiseOperators::same).flops(Operator.perOutput(6)));
  }

  static Operator flexAttention() {
    return Operator.of(CONTRACTION, AttentionOperators::attention)
        .flow(AttentionOperators::flow)
        .flops("2 × total length × (Q + Y)", AttentionOperators::flops);
  }

  /** Query, key or value as [batch, heads, length, width]. */
  private record Heads(Dim batch, Dim heads, Dim length, Dim width) {
    static @Nullable Heads of(@Nullable Shape shape, long heads) {
      if (shape != null && shape.rank() == 4) {
        return new Heads(shape.dim(0), shape.dim(1), shape.dim(2), shape.dim(3));
      }
      return shape != null && shape.rank() == 3 && heads > 0
          ? new Heads(shape.dim(0), Dim.of(heads), shape.dim(1), shape.dim(2).floorDiv(heads))
          : null;
    }
  }

  private static void attention(Site site) {
    Shape query = site.shape(0);
    long queryHeads = site.integer("q_num_heads", 0);
    Heads q = Heads.of(query, queryHeads);
    Heads k = Heads.of(site.shape(1), site.integer("kv_num_heads", 0));
    Heads v = Heads.of(site.shape(2), site.integer("kv_num_heads", 0));
    if (q == null || k == null || v == null || query == null) {
      int rank = query == null ? 0 : query.rank();
      site.put(0, site.type(0), query == null ? null : site.freshShape(0, rank));
      site.put(1, site.type(0), site.freshShape(1, 4));
      site.put(2, site.type(2), site.freshShape(2, 4));
      site.put(3, site.type(0), site.freshShape(3, 4));
      return;
    }
    site.put(
        0,
        site.type(0),
        query.rank() == 4
            ? Shape.of(q.batch(), q.heads(), q.length(), v.width())
            : Shape.of(q.batch(), q.length(), q.heads().times(v.width())));
    Dim total = k.length();
    if (site.has(4)) {
      Shape past = site.shape(4);
      total = past == null || past.rank() != 4 ? site.fresh(1, 2) : total.plus(past.dim(2));
    }
    site.put(1, site.type(0), Shape.of(k.batch(), k.heads(), total, k.width()));
    site.put(2, site.type(2), Shape.of(v.batch(), v.heads(), total, v.width()));
    site.put(3, site.type(0), Shape.of(q.batch(), q.heads(), q.length(), total));
  }

  private static void flow(Costs.Shaped node, Operator.Flow flow) {
    flow.axis(0, 0, new AxisFlow.Identity(0, 0));
    if (node.input(0).rank() == 4) {
      flow.axis(0, 1, new AxisFlow.Identity(0, 1));
      flow.axis(0, 2, new AxisFlow.Identity(0, 2));
      flow.axis(0, 3, new AxisFlow.Identity(2, 3));
      flow.contract(0, 3, 1, 3);
    } else {
      flow.axis(0, 1, new AxisFlow.Identity(0, 1));
    }
  }

  /** Scores and weighted sum: two products over all pairs of positions. */
  private static Dim flops(Costs.Shaped node) {
    Shape key = node.input(1);
    Dim total = key.dim(key.rank() - 2);
    Shape past = node.inputOrNull(4);
    if (past != null && past.rank() == 4) {
      total = total.plus(past.dim(2));
    }
    return node.inputSize(0).plus(node.outputSize(0)).times(total).times(2);
  }

  private static void linear(Site site) {
    Shape query = site.shape(0);
    Shape key = site.shape(1);
    Shape value = site.shape(2);
    long heads = site.integer("kv_num_heads", 0);
    long queryHeads = site.integer("q_num_heads", 0);
    DataType stateType = site.has(3) ? site.type(3) : site.type(0);
    if (query == null || key == null || value == null || heads <= 0) {
      site.put(0, site.type(0), site.freshShape(0, 3));
      site.put(1, stateType, site.freshShape(1, 4));
      return;
    }
    Dim keyWidth = key.dim(2).floorDiv(heads);
    Dim valueWidth = value.dim(2).floorDiv(heads);
    site.put(0, site.type(0), Shape.of(query.dim(0), query.dim(1), valueWidth.times(queryHeads)));
    site.put(1, stateType, Shape.of(query.dim(0), Dim.of(heads), keyWidth, valueWidth));
  }

  /** Each step updates the state and reads it once: four per element of the state. */
  private static Dim linearFlops(Costs.Shaped node) {
    Dim keyWidth = node.input(1).dim(2).floorDiv(node.integer("kv_num_heads", 1));
    return node.outputSize(0).times(keyWidth).times(4);
  }

  private static void causal(Site site) {
    ElementwiseOperators.same(site);
    Shape input = site.shape(0);
    Shape weight = site.shape(1);
    Shape state = site.has(3) ? site.shape(3) : null;
    if (input != null && weight != null && input.rank() == 3 && weight.rank() == 3) {
      state = new Shape(List.of(input.dim(0), input.dim(1), weight.dim(2).minus(1)));
    }
    site.put(1, site.type(0), state);
  }
}
