package dev.hasten.compress;

import dev.hasten.graph.Graph;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A Conv, Gemm or MatMul with a constant weight, seen as a map from input to output channels. The
 * channels of a Conv are axis 1 of its data, those of the others the last axis.
 */
final class Layer {
  private static final Set<String> OPERATORS = Set.of("Conv", "Gemm", "MatMul");

  private final Node node;
  private final Tensor tensor;
  private final int inputs;
  private final int outputs;
  private final double[] weights;
  private final double @Nullable [] bias;

  private Layer(Node node) {
    this.node = node;
    this.tensor = Targets.constant(node.input(1));
    boolean conv = node.is("Conv");
    boolean rows = conv || node.intAttribute("transB", 0) == 1;
    this.outputs = Math.toIntExact(tensor.dim(rows ? 0 : 1));
    int across = Math.toIntExact(tensor.dim(rows ? 1 : 0));
    this.inputs = conv ? across * groups() : across;
    this.weights = tensor.toDoubles();
    Value added = node.inputOrNull(2);
    this.bias = added == null ? null : Targets.constant(added).toDoubles();
  }

  static boolean isOne(Node node) {
    return node.domain().isEmpty() && OPERATORS.contains(node.opType());
  }

  /** Why a node that {@link #isOne} cannot be treated, or null. */
  static @Nullable String unfit(Node node) {
    Tensor weight = node.input(1).constant();
    if (weight == null) {
      return "its weight is not an initializer";
    }
    String reason = Targets.unfitWeight(weight, node.is("Conv") ? 0 : 2);
    if (reason == null && node.is("Conv") && weight.rank() < 3) {
      reason = "weight has " + weight.rank() + " axes (expected: at least 3)";
    }
    if (reason == null && node.intAttribute("transA", 0) != 0) {
      reason = "transA is set";
    }
    if (reason == null && node.input(1).users().size() > 1) {
      reason = "its weight '" + node.input(1).name() + "' is read elsewhere too";
    }
    Value added = node.inputOrNull(2);
    if (reason == null && added != null) {
      Tensor bias = added.constant();
      long channels = weight.dim(node.is("Conv") || node.intAttribute("transB", 0) == 1 ? 0 : 1);
      if (bias == null || bias.size() != channels || bias.dim(-1) != channels) {
        reason = "its bias is not %d constants".formatted(channels);
      }
    }
    return reason;
  }

  static Layer of(Node node) {
    return new Layer(node);
  }

  Node node() {
    return node;
  }

  /** Whether channels are axis 1, with positions behind it; else they are the last axis. */
  boolean image() {
    return node.is("Conv");
  }

  /** Axes of the weight, and for a Conv of the data. */
  int rank() {
    return tensor.rank();
  }

  int inputs() {
    return inputs;
  }

  int outputs() {
    return outputs;
  }

  private int groups() {
    return Math.toIntExact(node.intAttribute("group", 1));
  }

  private boolean rows() {
    return image() || node.intAttribute("transB", 0) == 1;
  }

  /** The output channel that an element of the weight belongs to. */
  int output(int element) {
    return rows() ? element / (weights.length / outputs) : element % outputs;
  }

  /** The input channel that an element of the weight multiplies. */
  int input(int element) {
    if (!image()) {
      return rows() ? element % inputs : element / outputs;
    }
    int perGroup = inputs / groups();
    int window = weights.length / outputs / perGroup;
    int group = output(element) / (outputs / groups());
    return group * perGroup + element / window % perGroup;
  }

  /** The largest weight, without its sign, of each output channel. */
  double[] outputRanges() {
    double[] ranges = new double[outputs];
    for (int i = 0; i < weights.length; i++) {
      int o = output(i);
      ranges[o] = Math.max(ranges[o], Math.abs(weights[i]));
    }
    return ranges;
  }

  /** The largest weight, without its sign, of each input channel. */
  double[] inputRanges() {
    double[] ranges = new double[inputs];
    for (int i = 0; i < weights.length; i++) {
      int k = input(i);
      ranges[k] = Math.max(ranges[k], Math.abs(weights[i]));
    }
    return ranges;
  }

  /** Multiplies each output channel, its bias too. */
  void scaleOutputs(double[] factors) {
    for (int i = 0; i < weights.length; i++) {
      weights[i] *= factors[output(i)];
    }
    if (bias != null) {
      for (int i = 0; i < bias.length; i++) {
        bias[i] *= factors[i];
      }
    }
  }

  /** Multiplies the weights of each input channel. */
  void scaleInputs(double[] factors) {
    for (int i = 0; i < weights.length; i++) {
      weights[i] *= factors[input(i)];
    }
  }

  /** Puts the weights into the graph, in place of those that were there. */
  void store(Graph graph) {
    replace(graph, 1, weights);
    if (bias != null) {
      replace(graph, 2, bias);
    }
  }

  private void replace(Graph graph, int input, double[] values) {
    Value before = node.input(input);
    Tensor tensor = floats(values, Targets.constant(before));
    if (before.isInitializer() && before.users().size() == 1) {
      graph.setInitializer(before, tensor);
    } else {
      graph.setInput(node, input, graph.addInitializer(before.name(), tensor));
    }
  }

  private static Tensor floats(double[] values, Tensor like) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return Tensor.floats(floats, like.dims().stream().mapToLong(Long::longValue).toArray());
  }
}
