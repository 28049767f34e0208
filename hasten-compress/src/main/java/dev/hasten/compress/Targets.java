package dev.hasten.compress;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Finds the nodes that quantization is for, and says why others are not. */
final class Targets {
  private static final Set<String> INTEGER =
      Set.of(
          "DynamicQuantizeLinear",
          "QuantizeLinear",
          "MatMulInteger",
          "ConvInteger",
          "QLinearConv",
          "QLinearMatMul",
          "QAttention",
          "QGemm",
          "DynamicQuantizeMatMul",
          "MatMulIntegerToFloat",
          "DynamicQuantizeLSTM",
          "MatMulNBits",
          "GatherBlockQuantized");

  private Targets() {}

  /** A node that shows that the model is quantized, at least in part. */
  static Optional<Node> alreadyQuantized(Model model) {
    return model.graph().allNodes().stream()
        .filter(node -> INTEGER.contains(node.opType()))
        .findFirst();
  }

  /**
   * Says of a model in which a technique found nothing to do that this is because it is quantized,
   * if it is. One that is quantized in part only, by an earlier step or someone else, is no case:
   * what is left of it is taken.
   */
  static void noteQuantized(Model model, Evidence evidence) {
    if (evidence.changedNothing()) {
      alreadyQuantized(model)
          .ifPresent(node ->
              evidence.refuse(
                  model.graph().name(),
                  "already quantized: node '%s' is %s, and nothing is left to quantize; start from the floating-point model"
                      .formatted(node.name(), node.opType())));
    }
  }

  /**
   * Which nodes a recipe gives to a technique, by name; in the patterns {@code *} stands for any
   * characters.
   *
   * @param include patterns of the nodes that it may treat
   * @param exclude patterns of those among them that it must not
   */
  record Chosen(List<String> include, List<String> exclude) {
    static final Parameter INCLUDE =
        new Parameter.Names(
            "include", "nodes to treat; the rest is for other steps", List.of("*"), List.of());
    static final Parameter EXCLUDE =
        new Parameter.Names("exclude", "nodes to leave alone", List.of(), List.of());

    static Chosen of(Settings settings) {
      return new Chosen(settings.names("include"), settings.names("exclude"));
    }

    /** Left to other steps of the recipe: no word about it is needed. */
    boolean leaves(Node node) {
      return !matches(node.name(), include);
    }

    boolean excludes(Node node) {
      return matches(node.name(), exclude);
    }

    private static boolean matches(String name, List<String> patterns) {
      return patterns.stream()
          .anyMatch(
              pattern -> Pattern.matches("\\Q" + pattern.replace("*", "\\E.*\\Q") + "\\E", name));
    }
  }

  /**
   * The nodes of these operators with a constant weight {@code [K, N]} in float32 as second input;
   * Gemms are rewritten in place as MatMul and Add, which is what the integer kernels know.
   */
  static List<Node> matMuls(Graph graph, List<String> operators, Chosen chosen, Evidence evidence) {
    List<Node> found = new ArrayList<>();
    for (Node node : graph.allNodes()) {
      if (!operators.contains(node.opType()) || chosen.leaves(node)) {
        continue;
      }
      String reason =
          node.graph() != graph
              ? "inside a subgraph, which is left alone"
              : chosen.excludes(node) ? "excluded by the recipe" : unfitProduct(node);
      if (reason != null) {
        evidence.refuse(node, reason);
      } else {
        found.add(node.is("Gemm") ? splitGemm(graph, node) : node);
      }
    }
    return found;
  }

  /** Why this MatMul or Gemm has no integer form, or null. */
  static @Nullable String unfitProduct(Node node) {
    Value data = node.input(0);
    Tensor weight = node.input(1).constant();
    if (weight == null && isQuantized(node.input(1))) {
      return "already quantized";
    }
    if (weight == null) {
      return node.input(0).constant() == null
          ? "weight is not an initializer: both inputs are computed"
          : "weight is the first input, where integer kernels take activations";
    }
    if (data.type() != null && data.type() != DataType.FLOAT) {
      return "input is " + data.type() + " (expected: float)";
    }
    String reason = unfitWeight(weight, 2);
    if (reason == null && node.is("Gemm")) {
      boolean plain =
          node.intAttribute("transA", 0) == 0
              && node.floatAttribute("alpha", 1) == 1
              && node.floatAttribute("beta", 1) == 1;
      reason = plain ? null : "transA, alpha or beta is set";
    }
    return reason;
  }

  /** Whether a value is a constant in fewer bits that is brought back to floating point. */
  static boolean isQuantized(Value value) {
    Node producer = value.producer();
    return producer != null
        && producer.is("DequantizeLinear")
        && producer.input(0).constant() != null;
  }

  /** Why a weight can't be stored in fewer bits, or null. */
  static @Nullable String unfitWeight(Tensor weight, int rank) {
    if (weight.type() != DataType.FLOAT) {
      return "weight is " + weight.type() + " (expected: float)";
    }
    if (rank > 0 && weight.rank() != rank) {
      return "weight has " + weight.rank() + " axes (expected: " + rank + ")";
    }
    if (weight.size() == 0 || weight.size() > Integer.MAX_VALUE) {
      return "weight has " + weight.size() + " elements";
    }
    for (float w : weight.toFloats()) {
      if (!Float.isFinite(w)) {
        return "weight contains " + w;
      }
    }
    return null;
  }

  /**
   * A Gemm whose bias, if any, is a constant {@code [N]}: the one that integer kernels know. Others
   * become MatMul and Add.
   */
  static Node plainGemm(Graph graph, Node gemm) {
    Value bias = gemm.inputOrNull(2);
    if (bias == null) {
      return gemm;
    }
    long width = constant(gemm.input(1)).dim(gemm.intAttribute("transB", 0) == 1 ? 0 : 1);
    Tensor numbers = bias.constant();
    if (numbers == null || numbers.size() != width || unfitWeight(numbers, 0) != null) {
      return splitGemm(graph, gemm);
    }
    if (numbers.rank() != 1) {
      graph.setInput(gemm, 2, graph.addInitializer(bias.name() + "_row", numbers.reshape(width)));
    }
    return gemm;
  }

  /** {@code Gemm(A, B, C)} becomes {@code Add(MatMul(A, B or its transpose), C)}. */
  private static Node splitGemm(Graph graph, Node gemm) {
    Value weight = gemm.input(1);
    if (gemm.intAttribute("transB", 0) == 1) {
      weight = graph.addInitializer(weight.name() + "_t", transposed(constant(weight)));
    }
    Node product =
        graph.add(
            "",
            "MatMul",
            List.of(gemm.input(0), weight),
            Map.<String, Attribute>of(),
            List.of(gemm.output().name() + "_matmul"));
    Value sum = product.output();
    Value bias = gemm.inputOrNull(2);
    if (bias != null) {
      sum = graph.op(gemm.output().name() + "_sum", "Add", List.of(sum, bias), Map.of());
    }
    String name = gemm.name();
    graph.replaceUses(gemm.output(), sum);
    graph.remove(gemm);
    graph.rename(product, name);
    return product;
  }

  static Tensor constant(Value value) {
    Tensor tensor = value.constant();
    if (tensor == null) {
      throw new IllegalStateException("value '" + value.name() + "' is not constant");
    }
    return tensor;
  }

  private static Tensor transposed(Tensor matrix) {
    int rows = Math.toIntExact(matrix.dim(0));
    int columns = Math.toIntExact(matrix.dim(1));
    float[] from = matrix.toFloats();
    float[] to = new float[from.length];
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        to[c * rows + r] = from[r * columns + c];
      }
    }
    return Tensor.floats(to, columns, rows);
  }
}
