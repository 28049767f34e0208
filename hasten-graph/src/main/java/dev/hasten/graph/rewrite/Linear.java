package dev.hasten.graph.rewrite;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An operator that is linear in a constant weight, with one bias per output channel: what follows
 * it channel by channel can be worked into both.
 *
 * @param node Conv, ConvTranspose, Gemm or MatMul
 * @param weight float32 or float64
 * @param bias per channel; null where there is none
 * @param channels the length of the output's channel axis
 */
record Linear(Node node, Tensor weight, @Nullable Tensor bias, int channels) {
  private static final Set<String> OPERATORS = Set.of("Conv", "ConvTranspose", "Gemm", "MatMul");

  /** Whether the node is one of the operators at all. */
  static boolean isOne(@Nullable Node node) {
    return node != null && node.domain().isEmpty() && OPERATORS.contains(node.opType());
  }

  /** The operator behind {@code value}, or why it is left alone. */
  static Linear of(Node node) {
    Value held = node.input(1);
    Tensor weight = held.constant();
    if (weight == null) {
      throw new Unfoldable("its weight is not constant");
    }
    if (weight.type() != DataType.FLOAT && weight.type() != DataType.DOUBLE) {
      throw new Unfoldable(
          "its weight is " + weight.type() + ", which would be rounded again (expected: float)");
    }
    if (!Uses.only(held, node)) {
      throw new Unfoldable("its weight " + held.name() + " is used elsewhere");
    }
    Value biased = node.is("MatMul") ? null : node.inputOrNull(2);
    Tensor bias = biased == null ? null : biased.constant();
    if (biased != null && bias == null) {
      throw new Unfoldable("its bias is not constant");
    }
    int channels = channels(node, weight);
    if (bias != null && (bias.size() != channels || bias.dim(-1) != channels)) {
      throw new Unfoldable("its bias is %s (expected: %d elements)".formatted(bias, channels));
    }
    if (node.is("Gemm") && bias != null && node.floatAttribute("beta", 1) != 1) {
      throw new Unfoldable("it has a beta");
    }
    return new Linear(node, weight, bias, channels);
  }

  private static int channels(Node node, Tensor weight) {
    boolean matrix = node.is("Gemm") || node.is("MatMul");
    if (matrix ? weight.rank() != 2 : weight.rank() < 3) {
      throw new Unfoldable("its weight is " + weight);
    }
    return Math.toIntExact(
        switch (node.opType()) {
          case "Conv" -> weight.dim(0);
          case "ConvTranspose" -> weight.dim(1) * node.intAttribute("group", 1);
          case "Gemm" -> weight.dim(node.intAttribute("transB", 0) == 0 ? 1 : 0);
          default -> weight.dim(1);
        });
  }

  /** The output's axes: the channels are axis 1 of a convolution's, else the last. */
  int rank(int outputRank) {
    return node.opType().startsWith("Conv") ? weight.rank() : outputRank;
  }

  /** Counted from the end, and hence the same for a broadcast operand. */
  int channelAxisFromEnd() {
    return node.opType().startsWith("Conv") ? weight.rank() - 1 : 1;
  }

  /**
   * {@code y} becomes {@code y · scale + shift}, per channel.
   *
   * @throws Unfoldable if a new weight is not finite
   */
  void rescale(double[] scale, double[] shift, Rewrite rewrite) {
    double[] scaled = weight.toDoubles();
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] *= scale[channel(i)];
    }
    double[] moved = bias == null ? new double[channels] : bias.toDoubles();
    for (int i = 0; i < moved.length; i++) {
      moved[i] = moved[i] * scale[i] + shift[i];
    }
    boolean needsBias = bias != null || Arrays.stream(moved).anyMatch(b -> b != 0);
    if (needsBias && node.is("MatMul")) {
      throw new Unfoldable("MatMul has no bias to take the shift");
    }
    Tensor newWeight = real(weight.type(), scaled, Call.dims(weight));
    Tensor newBias = real(weight.type(), moved, channels);
    set(1, newWeight, rewrite);
    if (needsBias) {
      set(2, newBias, rewrite);
      if (node.is("Gemm")) {
        node.graph().removeAttribute(node, "beta");
      }
    }
  }

  private int channel(int index) {
    if (node.is("Conv")) {
      return (int) (index / (weight.size() / channels));
    }
    if (node.is("ConvTranspose")) {
      // [C, M/group, …]: the input channels of one group make that group's output channels.
      long perGroup = weight.dim(0) / node.intAttribute("group", 1);
      long window = weight.size() / weight.dim(0) / weight.dim(1);
      long input = index / (window * weight.dim(1));
      return (int) (input / perGroup * weight.dim(1) + index / window % weight.dim(1));
    }
    boolean rows = node.is("Gemm") && node.intAttribute("transB", 0) != 0;
    return (int) (rows ? index / weight.dim(1) : index % weight.dim(1));
  }

  private void set(int input, Tensor tensor, Rewrite rewrite) {
    Value before = node.inputOrNull(input);
    String name = before == null ? node.output().name() + "/bias" : before.name();
    node.graph().setInput(node, input, rewrite.constant(node, name, tensor));
  }

  /** Rounds to float32 where asked; what is not finite then is refused. */
  static Tensor real(DataType type, double[] values, long... dims) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
      if (!Double.isFinite(type == DataType.FLOAT ? floats[i] : values[i])) {
        throw new Unfoldable("a weight would become " + floats[i]);
      }
    }
    return type == DataType.FLOAT ? Tensor.floats(floats, dims) : Tensor.doubles(values, dims);
  }

  /**
   * A constant operand as one number per channel, or null if it is not that: {@code [C,1,1]}
   * against {@code [N,C,H,W]}, {@code [N]} against {@code [M,N]}, or a single number.
   *
   * @param fromEnd where the channel axis lies, counted from the end: 1 is the last
   * @param rank the axes of what the operand is broadcast against
   */
  static double @Nullable [] perChannel(Tensor operand, int channels, int fromEnd, int rank) {
    if (operand.rank() > rank || !operand.type().isFloating() || operand.type().bits() < 32) {
      return null;
    }
    double[] values =
        operand.size() == 1 || operand.size() == channels ? operand.toDoubles() : null;
    if (values == null) {
      return null;
    }
    if (values.length == 1) {
      double[] all = new double[channels];
      Arrays.fill(all, values[0]);
      return all;
    }
    boolean there = operand.rank() >= fromEnd && operand.dim(operand.rank() - fromEnd) == channels;
    return there ? values : null;
  }
}
