package dev.hasten.graph.rewrite;

import static dev.hasten.graph.rewrite.Pattern.any;
import static dev.hasten.graph.rewrite.Pattern.constant;
import static dev.hasten.graph.rewrite.Pattern.number;
import static dev.hasten.graph.rewrite.Pattern.oneOf;
import static dev.hasten.graph.rewrite.Pattern.op;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.Node;
import dev.hasten.graph.Shape;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Self-attention as exporters write it out. Vaswani et al. 2017.
 *
 * <pre>
 * q, k, v = Transpose(Reshape(x[batch,seq,h] · W + b, [0,0,heads,h/heads]), 0 2 1 3)
 * Reshape(Transpose(Softmax(q · kᵀ / c + (1 − mask[batch,1,1,seq]) · filter) · v, 0 2 1 3), [0,0,h])
 * </pre>
 *
 * The mask is taken to hold ones and zeros only, as tokenizers make it: the operators that replace
 * this know only attended and not attended.
 *
 * @param match captures x, the sums q, k and v, their weights and biases
 * @param mask {@code [batch,seq]} int32, 1 attends; null where everything does
 * @param attributes num_heads, scale and mask_filter_value of the contributed operators
 */
record SelfAttention(Match match, @Nullable Value mask, Map<String, Attribute> attributes) {
  private static final Pattern MASK =
      op("Mul", op("Sub", number(1), any("allowed")), constant("filter"));
  private static final Pattern SCORES =
      op("MatMul", heads("q", List.of(0L, 2L, 1L, 3L)), heads("k", List.of(0L, 2L, 3L, 1L)))
          .as("scores");
  private static final Pattern SCALED =
      oneOf(op("Div", SCORES, constant("divisor")), op("Mul", SCORES, constant("factor")), SCORES);
  private static final Pattern WEIGHTS =
      op("Softmax", oneOf(op("Add", SCALED, MASK), SCALED)).as("weights");
  private static final Pattern ATTENTION =
      op(
          "Reshape",
          op("Transpose", op("MatMul", WEIGHTS, heads("v", List.of(0L, 2L, 1L, 3L))))
              .where(node -> List.of(0L, 2L, 1L, 3L).equals(node.intsAttribute("perm"))),
          constant("joined"));

  private static Pattern heads(String name, List<Long> perm) {
    return op(
            "Transpose",
            op(
                "Reshape",
                op(
                        "Add",
                        op("MatMul", any("x"), constant(name + "Weights")),
                        constant(name + "Bias"))
                    .as(name),
                constant(name + "Split")))
        .where(node -> perm.equals(node.intsAttribute("perm")));
  }

  /**
   * Replaces the self-attention that ends in {@code node}.
   *
   * @param make adds what takes its place and returns its result
   */
  static Outcome fuse(
      Node node, Rewrite rewrite, String becomes, Function<SelfAttention, Value> make) {
    Match match = node.is("", "Reshape") ? ATTENTION.match(node.output()) : null;
    if (match == null) {
      return Outcome.none();
    }
    Value result = node.output();
    long hidden = rewrite.fixedDim(result, -1);
    long heads = heads(match, hidden);
    String reason = reason(match, result, hidden, heads, rewrite);
    Value allowed = match.find("allowed");
    Value mask = allowed == null ? null : rawMask(allowed, rewrite);
    if (reason == null && allowed != null && mask == null) {
      reason = "the mask is not a [batch,seq] tensor with two axes put in the middle";
    }
    if (reason != null) {
      return Outcome.refused(reason);
    }
    Value mask32 = mask == null ? null : Casts.toInt32(mask, node, rewrite);
    Value fused =
        make.apply(new SelfAttention(match, mask32, attributes(match, heads, hidden / heads)));
    int nodes = match.nodes().size();
    rewrite.replaceAndSweep(result, fused);
    return Outcome.changed("%d nodes become %s, %d heads".formatted(nodes, becomes, heads));
  }

  private static Map<String, Attribute> attributes(Match match, long heads, long headSize) {
    Map<String, Attribute> attributes = new LinkedHashMap<>();
    attributes.put("num_heads", Attribute.of(heads));
    double scale = scale(match);
    // Left out where it is the operator's own default, which older runtimes know only.
    if (Math.abs(scale * Math.sqrt(headSize) - 1) > 1e-6) {
      attributes.put("scale", Attribute.of((float) scale));
    }
    Value filter = match.find("filter");
    Double number = filter == null ? null : Pattern.single(filter);
    if (number != null) {
      attributes.put("mask_filter_value", Attribute.of(number.floatValue()));
    }
    return attributes;
  }

  private static double scale(Match match) {
    Value divisor = match.find("divisor");
    Value factor = match.find("factor");
    return divisor != null ? 1 / orNaN(divisor) : factor != null ? orNaN(factor) : 1;
  }

  private static double orNaN(Value value) {
    Double number = Pattern.single(value);
    return number == null ? Double.NaN : number;
  }

  /** The number of heads that q, k and v are all split into, or 0. */
  private static long heads(Match match, long hidden) {
    long heads = 0;
    for (String name : List.of("q", "k", "v")) {
      Tensor split = match.get(name + "Split").constant();
      if (split == null || split.size() != 4) {
        return 0;
      }
      long[] lengths = split.toLongs();
      if (lengths[2] <= 0 || heads != 0 && heads != lengths[2]) {
        return 0;
      }
      if (lengths[3] != -1 && lengths[2] * lengths[3] != hidden) {
        return 0;
      }
      heads = lengths[2];
    }
    return hidden > 0 && hidden % heads == 0 ? heads : 0;
  }

  private static @Nullable String reason(
      Match match, Value result, long hidden, long heads, Rewrite rewrite) {
    Value x = match.get("x");
    if (rewrite.type(x) != DataType.FLOAT || rewrite.rank(x) != 3) {
      return "%s%s (expected: float[batch,seq,hidden])"
          .formatted(rewrite.type(x), rewrite.shape(x));
    }
    Shape in = rewrite.shape(x);
    Shape out = rewrite.shape(result);
    if (in == null
        || out == null
        || out.rank() != 3
        || !out.dim(0).equals(in.dim(0))
        || !out.dim(1).equals(in.dim(1))) {
      return "the result is %s of %s (expected: [batch,seq,hidden] of the same batch and seq)"
          .formatted(out, in);
    }
    if (heads == 0) {
      return "query, key and value are not split into the same known heads";
    }
    if (!Double.isFinite(scale(match))) {
      return "the scale has more than one element";
    }
    for (String name : List.of("q", "k", "v")) {
      Tensor weights = match.get(name + "Weights").constant();
      Tensor bias = match.get(name + "Bias").constant();
      if (weights == null || bias == null || weights.rank() != 2 || weights.dim(1) != hidden) {
        return name + ": the weights are not [hidden," + hidden + "]";
      }
      if (!bias.dims().equals(List.of(hidden))) {
        return name + ": the bias is " + bias + " (expected: [" + hidden + "])";
      }
    }
    Node softmax = match.get("weights").producer();
    long axis = softmax == null ? 0 : softmax.intAttribute("axis", rewrite.opset() < 13 ? 1 : -1);
    if (axis != -1 && axis != 3) {
      return "the softmax is over axis " + axis + " (expected: the last)";
    }
    Value filter = match.find("filter");
    if (filter != null && Pattern.single(filter) == null) {
      return "the mask's filter has more than one element";
    }
    return leak(match, result);
  }

  /** The mask is shared by all layers, so its nodes do not count. */
  private static @Nullable String leak(Match match, Value result) {
    List<String> shared = new ArrayList<>();
    for (Node node : match.nodes()) {
      Value output = node.output();
      boolean mask = node.is("Sub") || node.is("Mul") && Pattern.single(node.input(1)) != null;
      if (output == result || mask) {
        continue;
      }
      if (output.isOutput()
          || output.users().stream().anyMatch(use -> !match.nodes().contains(use.node()))) {
        shared.add(output.name());
      }
    }
    return shared.isEmpty() ? null : "its part " + shared.getFirst() + " is used elsewhere";
  }

  /** The [batch,seq] mask behind {@code Cast(Unsqueeze(Unsqueeze(mask)))}, or null. */
  private static @Nullable Value rawMask(Value allowed, Rewrite rewrite) {
    Value value = allowed;
    while (true) {
      if (rewrite.rank(value) == 2) {
        return fits(value, allowed, rewrite) ? value : null;
      }
      Node node = value.producer();
      if (node == null || !(node.is("", "Cast") || node.is("", "Unsqueeze"))) {
        return null;
      }
      value = node.input(0);
    }
  }

  private static boolean fits(Value mask, Value allowed, Rewrite rewrite) {
    var flat = rewrite.shape(mask);
    var wide = rewrite.shape(allowed);
    return flat != null
        && wide != null
        && wide.rank() == 4
        && wide.dim(1).is(1)
        && wide.dim(2).is(1)
        && wide.dim(0).equals(flat.dim(0))
        && wide.dim(3).equals(flat.dim(1));
  }
}
