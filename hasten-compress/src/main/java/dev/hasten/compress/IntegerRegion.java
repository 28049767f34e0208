package dev.hasten.compress;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Use;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides which nodes run in integers: products and convolutions with constant weights, and what
 * lies between two of them and has an integer kernel, so that the numbers need not become floats in
 * between. A Relu or a Clip from zero right after such a node disappears: the range of its output
 * begins at zero, and quantizing cuts what is below.
 */
final class IntegerRegion {
  /** Their kernels take a constant weight. */
  static final Set<String> WEIGHTED = Set.of("MatMul", "Gemm", "Conv");

  /** They compute new numbers: the output has a scale of its own. */
  static final List<String> COMPUTING =
      List.of(
          "Add",
          "Mul",
          "Concat",
          "AveragePool",
          "GlobalAveragePool",
          "Sigmoid",
          "LeakyRelu",
          "Softmax");

  /** They move or pick numbers: the output has the scale of the input. */
  static final List<String> MOVING =
      List.of(
          "MaxPool",
          "Resize",
          "Reshape",
          "Transpose",
          "Flatten",
          "Squeeze",
          "Unsqueeze",
          "Slice",
          "Split",
          "Expand",
          "Tile",
          "Gather");

  /** How a node takes part. */
  enum Role {
    /** A constant weight; the output stays float. */
    PRODUCT,
    /** A constant weight; the output is quantized. */
    INTEGER_PRODUCT,
    COMPUTE,
    MOVE
  }

  private final Graph graph;
  private final Map<Node, Role> roles = new LinkedHashMap<>();
  private final Set<Value> wanted = new HashSet<>();
  private final Set<Value> offered = new HashSet<>();

  private IntegerRegion(Graph graph) {
    this.graph = graph;
  }

  /**
   * @param operators those that may run in integers
   */
  static IntegerRegion of(
      Graph graph, List<String> operators, Targets.Chosen chosen, Evidence evidence) {
    IntegerRegion region = new IntegerRegion(graph);
    Set<Node> weighted = new HashSet<>();
    for (Node node : graph.allNodes()) {
      boolean transposed = node.is("", "ConvTranspose") && operators.contains("Conv");
      if (!transposed && !(WEIGHTED.contains(node.opType()) && operators.contains(node.opType()))
          || chosen.leaves(node)) {
        continue;
      }
      String reason =
          node.graph() != graph
              ? "inside a subgraph, which is left alone"
              : chosen.excludes(node)
                  ? "excluded by the recipe"
                  : transposed
                      ? "ONNX Runtime's CPU provider has no integer kernel for it"
                      : node.is("Conv") ? unfitConvolution(node) : Targets.unfitProduct(node);
      if (reason != null) {
        evidence.refuse(node, reason);
      } else {
        weighted.add(node.is("Gemm") ? Targets.plainGemm(graph, node) : node);
      }
    }
    Set<Node> between = new HashSet<>();
    for (Node node : graph.nodes()) {
      if (operators.contains(node.opType())
          && !chosen.leaves(node)
          && !chosen.excludes(node)
          && region.mayLieBetween(node)) {
        between.add(node);
      }
    }
    region.lookBack(weighted, between);
    region.lookForward(weighted, between);
    return region;
  }

  private static @Nullable String unfitConvolution(Node node) {
    Tensor weight = node.input(1).constant();
    if (weight == null) {
      return Targets.isQuantized(node.input(1))
          ? "already quantized"
          : "weight is not an initializer";
    }
    if (node.input(0).type() != null && node.input(0).type() != DataType.FLOAT) {
      return "input is " + node.input(0).type() + " (expected: float)";
    }
    Value bias = node.inputOrNull(2);
    if (bias != null && bias.constant() == null) {
      return "bias is not an initializer";
    }
    String reason = bias == null ? null : Targets.unfitWeight(Targets.constant(bias), 1);
    if (reason != null) {
      return reason.replace("weight", "bias");
    }
    return weight.rank() < 3
        ? "weight has " + weight.rank() + " axes (expected: at least 3)"
        : Targets.unfitWeight(weight, 0);
  }

  private boolean mayLieBetween(Node node) {
    if (!node.domain().isEmpty() || node.outputs().isEmpty()) {
      return false;
    }
    if (COMPUTING.contains(node.opType())) {
      return dataInputs(node).stream().allMatch(this::isFloatOrComputed);
    }
    return switch (node.opType()) {
      case "MaxPool" -> node.outputs().size() == 1;
      case "Resize" ->
          List.of("nearest", "linear").contains(node.stringAttribute("mode", "nearest"));
      default -> MOVING.contains(node.opType());
    };
  }

  private boolean isFloatOrComputed(Value value) {
    Tensor constant = value.constant();
    return constant == null || Targets.unfitWeight(constant, 0) == null;
  }

  /** The inputs that carry what is quantized, in order. */
  static List<Value> dataInputs(Node node) {
    int count =
        switch (node.opType()) {
          case "Add", "Mul" -> 2;
          case "Concat" -> node.inputs().size();
          default -> 1;
        };
    List<Value> inputs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      inputs.add(node.input(i));
    }
    return inputs;
  }

  /** Marks the values that somebody would take as integers. */
  private void lookBack(Set<Node> weighted, Set<Node> between) {
    for (Node node : graph.nodes().reversed()) {
      if (weighted.contains(node)) {
        wanted.add(node.input(0));
      } else if ((between.contains(node) || cutsAtZero(node))
          && node.outputs().stream().anyMatch(wanted::contains)) {
        wanted.addAll(dataInputs(node));
      }
    }
  }

  /** Gives roles, and marks the values that come as integers. */
  private void lookForward(Set<Node> weighted, Set<Node> between) {
    for (Node node : graph.nodes()) {
      Role role = null;
      if (weighted.contains(node)) {
        boolean integer = node.is("Conv") || onlyIntegersTake(end(node), weighted, between);
        role = integer ? Role.INTEGER_PRODUCT : Role.PRODUCT;
      } else if (between.contains(node)
          && node.outputs().stream().anyMatch(output -> wanted.contains(end(output)))
          && dataInputs(node).stream().anyMatch(offered::contains)) {
        role = MOVING.contains(node.opType()) ? Role.MOVE : Role.COMPUTE;
      }
      if (role != null) {
        roles.put(node, role);
        if (role != Role.PRODUCT) {
          offered.addAll(role == Role.MOVE ? node.outputs() : List.of(end(node)));
        }
      }
    }
  }

  /** A product can also return floats, which cost nothing more: integers only where all want. */
  private static boolean onlyIntegersTake(Value value, Set<Node> weighted, Set<Node> between) {
    return !value.isOutput()
        && value.users().stream()
            .allMatch(use ->
                use.input() == 0
                    && (weighted.contains(use.node())
                        || between.contains(use.node())
                            && MOVING.contains(use.node().opType())
                            && use.node().outputs().stream()
                                .allMatch(out -> onlyIntegersTake(out, weighted, between))));
  }

  private static boolean cutsAtZero(Node node) {
    if (node.is("", "Relu")) {
      return true;
    }
    if (!node.is("", "Clip")) {
      return false;
    }
    Value low = node.inputOrNull(1);
    Value high = node.inputOrNull(2);
    Tensor bound = low == null ? null : low.constant();
    return bound != null
        && bound.size() == 1
        && bound.toFloats()[0] == 0
        && (high == null || high.constant() != null);
  }

  /** The Relus and Clips behind a node that quantizing its output makes superfluous. */
  static List<Node> folded(Node node) {
    List<Node> folded = new ArrayList<>();
    Value value = node.output();
    while (!value.isOutput() && value.users().size() == 1) {
      Use use = value.users().getFirst();
      if (use.input() != 0 || use.node().graph() != node.graph() || !cutsAtZero(use.node())) {
        break;
      }
      folded.add(use.node());
      value = use.node().output();
    }
    return folded;
  }

  /** What comes out behind the node's folded Relus and Clips. */
  static Value end(Node node) {
    List<Node> folded = folded(node);
    return folded.isEmpty() ? node.output() : folded.getLast().output();
  }

  private static Value end(Value output) {
    Node producer = output.producer();
    return producer == null || MOVING.contains(producer.opType()) ? output : end(producer);
  }

  /** The nodes that run in integers, in the graph's order. */
  Map<Node, Role> roles() {
    return roles;
  }

  /** The value whose range decides the scale of {@code value}: where what was moved comes from. */
  Value origin(Value value) {
    Node producer = value.producer();
    return producer != null && roles.get(producer) == Role.MOVE ? origin(producer.input(0)) : value;
  }

  /**
   * The values with a scale that calibration must find: what the node reads, then what it makes.
   */
  List<Value> scaled(Node node) {
    Role role = roles.get(node);
    Set<Value> values = new LinkedHashSet<>();
    for (Value input : dataInputs(node)) {
      if (input.constant() == null) {
        values.add(origin(input));
      }
    }
    if (role == Role.INTEGER_PRODUCT || role == Role.COMPUTE) {
      values.add(end(node));
    }
    return List.copyOf(values);
  }

  /** The node stays in floating point after all. */
  void drop(Node node) {
    roles.remove(node);
  }
}
