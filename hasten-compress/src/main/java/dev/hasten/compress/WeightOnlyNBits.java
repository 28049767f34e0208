package dev.hasten.compress;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Weights of matrix products in 4 or 8 bits, in blocks along the input axis, each with a scale and
 * mostly a zero point; activations stay in floating point:
 *
 * <pre>{@code
 * MatMul(X float[..,K], W float[K,N])   becomes
 * MatMulNBits(X, B uint8[N, ⌈K/block⌉, block·bits/8], scales float[N, ⌈K/block⌉], zeros)
 * }</pre>
 *
 * The weights stay small in memory too. ONNX Runtime's kernel at {@code accuracy} 4 rounds the
 * activations of a block to 8 bits, which is faster and costs a little more quality; at the other
 * levels it computes in float32.
 */
record WeightOnlyNBits(
    BlockFormat format,
    Method method,
    int accuracy,
    @Nullable BlockFormat embeddings,
    double damping,
    boolean byActivity,
    int smallest,
    Targets.Chosen chosen)
    implements Technique {

  /** How the numbers are found. */
  enum Method {
    /** To nearest, in the range of the block's extremes. */
    RTN,
    /** {@link Hqq}. */
    HQQ,
    /** {@link Gptq}. */
    GPTQ;

    /** What chooses the range of a block. */
    BlockFormat.Fit fit() {
      Hqq halfQuadratic = new Hqq();
      return switch (this) {
        case RTN, GPTQ -> (block, format) -> format.widest(block);
        case HQQ -> halfQuadratic;
      };
    }
  }

  static final TechniqueInfo INFO =
      TechniqueInfo.lossy(
              "weight-only-nbits",
              Stage.PRECISION,
              "Stores the weights of matrix products in 4 or 8 bits in blocks (MatMulNBits), computes in"
                  + " floating point: down to a seventh of the size.",
              List.of(
                  new Parameter.Choice("bits", "bits of a weight", List.of("4", "8")),
                  new Parameter.Choice(
                      "block",
                      "weights that share a scale: fewer keep more quality and cost more size",
                      List.of("32", "16", "64", "128", "256")),
                  new Parameter.Choice(
                      "zeros",
                      "each block has a zero point of its own, or zero is the middle",
                      List.of("asymmetric", "symmetric")),
                  new Parameter.Choice(
                      "method",
                      "hqq: robust ranges, no data; rtn: round to nearest; gptq: least error of the"
                          + " outputs, needs calibration data",
                      List.of("hqq", "rtn", "gptq")),
                  new Parameter.Whole(
                      "accuracy",
                      "ONNX Runtime's accuracy_level: 4 rounds activations to 8 bits, for speed; 0 to"
                          + " 3 compute in float32",
                      4L,
                      0,
                      4),
                  new Parameter.Choice(
                      "embeddings",
                      "bits of embedding tables; keep leaves them",
                      List.of("4", "8", "keep")),
                  new Parameter.Real(
                      "damping", "gptq: share of the mean added to the Hessian", 0.01, 0, 1),
                  new Parameter.Flag(
                      "byActivity", "gptq: inputs in the order of their activity", true),
                  new Parameter.Whole(
                      "smallest", "weights with fewer elements stay", 1024L, 1, Integer.MAX_VALUE),
                  Targets.Chosen.INCLUDE,
                  Targets.Chosen.EXCLUDE),
              WeightOnlyNBits::of)
          .proposing("4 bits a weight, a seventh of the size; needs no data")
          .proposing(
              "gptq",
              "4 bits a weight, rounded for the least error of the outputs",
              "method",
              "gptq");

  private static WeightOnlyNBits of(Settings settings) {
    int size = Integer.parseInt(settings.word("block"));
    boolean symmetric = settings.word("zeros").equals("symmetric");
    String tables = settings.word("embeddings");
    return new WeightOnlyNBits(
        new BlockFormat(Integer.parseInt(settings.word("bits")), size, symmetric),
        Method.valueOf(settings.word("method").toUpperCase(Locale.ROOT)),
        settings.whole("accuracy"),
        tables.equals("keep") ? null : new BlockFormat(Integer.parseInt(tables), size, symmetric),
        settings.real("damping"),
        settings.flag("byActivity"),
        settings.whole("smallest"),
        Targets.Chosen.of(settings));
  }

  @Override
  public Applied apply(Model model, Context context) {
    Evidence evidence = new Evidence(INFO.name());
    Model result = model.copy();
    Graph graph = result.graph();
    List<Node> nodes = targets(graph, evidence);
    Map<Value, Optional<BlockWeight.Stored>> stored = new HashMap<>();
    if (method == Method.GPTQ && !nodes.isEmpty()) {
      new Hessians(result, context, INFO.name())
          .forEach(
              nodes,
              (readers, hessian) -> {
                for (Node node : readers) {
                  rounded(graph, node, hessian, stored, evidence);
                }
              });
    } else {
      for (Node node : nodes) {
        Value weight = node.input(1);
        stored
            .computeIfAbsent(
                weight, value -> Optional.of(nearest(value).store(graph, weight.name())))
            .ifPresent(found -> replace(graph, node, found, evidence));
      }
    }
    if (embeddings != null) {
      embeddings(graph, embeddings, evidence);
    }
    graph.removeDead();
    if (graph.nodes().stream().anyMatch(node -> node.domain().equals(Node.MICROSOFT))) {
      result.setOpset(Node.MICROSOFT, 1);
    }
    Targets.noteQuantized(model, evidence);
    return evidence.of(result);
  }

  private List<Node> targets(Graph graph, Evidence evidence) {
    List<Node> nodes = new ArrayList<>();
    for (Node node : Targets.matMuls(graph, List.of("MatMul", "Gemm"), chosen, evidence)) {
      long size = Targets.constant(node.input(1)).size();
      if (size < smallest) {
        evidence.refuse(node, "weight has %d elements (smallest: %d)".formatted(size, smallest));
      } else {
        nodes.add(node);
      }
    }
    return nodes;
  }

  private BlockWeight nearest(Value weight) {
    Tensor matrix = Targets.constant(weight);
    int inputs = Math.toIntExact(matrix.dim(0));
    int outputs = Math.toIntExact(matrix.dim(1));
    return BlockWeight.nearest(rows(matrix), outputs, inputs, format, method.fit());
  }

  /** A weight that several products read is rounded for the first of them. */
  private void rounded(
      Graph graph,
      Node node,
      Hessians.Hessian hessian,
      Map<Value, Optional<BlockWeight.Stored>> stored,
      Evidence evidence) {
    Optional<String> problem = hessian.problem();
    if (problem.isPresent()) {
      evidence.refuse(node, problem.get());
      return;
    }
    Value weight = node.input(1);
    Gptq gptq = new Gptq(format, method.fit(), damping, byActivity);
    Tensor matrix = Targets.constant(weight);
    int inputs = Math.toIntExact(matrix.dim(0));
    int outputs = Math.toIntExact(matrix.dim(1));
    stored
        .computeIfAbsent(
            weight,
            value ->
                gptq.quantize(rows(matrix), outputs, inputs, hessian.copy())
                    .map(found -> found.store(graph, weight.name())))
        .ifPresentOrElse(
            found -> replace(graph, node, found, evidence),
            () ->
                evidence.refuse(
                    node,
                    ("gptq cannot invert the second moments of its activations; raise damping (now"
                            + " %s) or use hqq")
                        .formatted(damping)));
  }

  private void replace(Graph graph, Node node, BlockWeight.Stored weight, Evidence evidence) {
    List<Value> inputs = new ArrayList<>(List.of(node.input(0), weight.numbers(), weight.scales()));
    if (weight.zeros() != null) {
      inputs.add(weight.zeros());
    }
    Tensor matrix = Targets.constant(node.input(1));
    Map<String, Attribute> attributes = new LinkedHashMap<>();
    attributes.put("K", new Attribute.Int(matrix.dim(0)));
    attributes.put("N", new Attribute.Int(matrix.dim(1)));
    attributes.put("bits", new Attribute.Int(format.bits()));
    attributes.put("block_size", new Attribute.Int(format.size()));
    if (accuracy > 0) {
      attributes.put("accuracy_level", new Attribute.Int(accuracy));
    }
    String what =
        "weight %s %s in %s".formatted(node.input(1).name(), matrix.dims(), describe(format));
    evidence.changed(swap(graph, node, "MatMulNBits", inputs, attributes), what);
  }

  /** Puts another operator in the place and under the name of a node; the name. */
  private static String swap(
      Graph graph,
      Node node,
      String operator,
      List<Value> inputs,
      Map<String, Attribute> attributes) {
    Node other =
        graph.add(
            Node.MICROSOFT, operator, inputs, attributes, List.of(node.output().name() + "_nbits"));
    String name = node.name();
    graph.replaceUses(node.output(), other.output());
    graph.remove(node);
    graph.rename(other, name);
    return name;
  }

  private String describe(BlockFormat block) {
    return "%d bits, blocks of %d%s, %s"
        .formatted(
            block.bits(),
            block.size(),
            block.symmetric() ? "" : " with zero points",
            method.name().toLowerCase(Locale.ROOT));
  }

  private void embeddings(Graph graph, BlockFormat block, Evidence evidence) {
    if (block.bits() == 8) {
      Embeddings.quantize(graph, chosen, evidence);
      return;
    }
    // Rows of a table are looked up, not summed: no Hessian speaks about them.
    BlockFormat.Fit fit = method == Method.RTN ? method.fit() : Method.HQQ.fit();
    BiFunction<Node, Tensor, Optional<String>> store =
        (gather, table) -> storeTable(graph, gather, table, block, fit);
    Embeddings.forEach(
        graph, chosen, evidence, store, "stored in %d bits per %d".formatted(4, block.size()));
  }

  private static Optional<String> storeTable(
      Graph graph, Node gather, Tensor table, BlockFormat block, BlockFormat.Fit fit) {
    if (table.dim(1) % 2 != 0) {
      return Optional.of(
          "its rows have %d elements (expected: whole bytes of two)".formatted(table.dim(1)));
    }
    BlockWeight weight =
        BlockWeight.nearest(
            table.toFloats(),
            Math.toIntExact(table.dim(0)),
            Math.toIntExact(table.dim(1)),
            block,
            fit);
    BlockWeight.Stored stored = weight.storeTable(graph, gather.input(0).name());
    List<Value> inputs =
        new ArrayList<>(List.of(stored.numbers(), gather.input(1), stored.scales()));
    if (stored.zeros() != null) {
      inputs.add(stored.zeros());
    }
    swap(
        graph,
        gather,
        "GatherBlockQuantized",
        inputs,
        Map.of(
            "gather_axis", new Attribute.Int(0),
            "quantize_axis", new Attribute.Int(1),
            "block_size", new Attribute.Int(block.size()),
            "bits", new Attribute.Int(block.bits())));
    return Optional.empty();
  }

  /** {@code [K, N]} to {@code [N, K]}. */
  private static float[] rows(Tensor matrix) {
    int rows = Math.toIntExact(matrix.dim(0));
    int columns = Math.toIntExact(matrix.dim(1));
    float[] from = matrix.toFloats();
    float[] to = new float[from.length];
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        to[c * rows + r] = from[r * columns + c];
      }
    }
    return to;
  }
}
