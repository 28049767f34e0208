package dev.hasten.graph.rewrite;

import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.List;

/**
 * A constant factor or summand per input channel goes into the weights of the convolution after it.
 *
 * <pre>
 * Conv(x[N,C,H,W] · s[C,1,1], W[K,C,h,w])     also ÷; + and − where nothing is padded
 * Conv(x, W · s)
 * </pre>
 *
 * A summand is not there in the padding, which is why a padded convolution cannot take it.
 */
final class FoldAffineIntoConv implements Rule {
  @Override
  public Outcome apply(Node conv, Rewrite rewrite) {
    Node node = conv.is("", "Conv") ? conv.input(0).producer() : null;
    if (node == null || !node.domain().isEmpty() || node.inputs().size() != 2) {
      return Outcome.none();
    }
    return switch (node.opType()) {
      case "Add", "Mul" -> {
        Outcome outcome = fold(conv, node, 0, rewrite);
        yield outcome instanceof Outcome.None ? fold(conv, node, 1, rewrite) : outcome;
      }
      case "Sub", "Div" -> fold(conv, node, 0, rewrite);
      default -> Outcome.none();
    };
  }

  private static Outcome fold(Node conv, Node node, int data, Rewrite rewrite) {
    Value x = node.inputOrNull(data);
    Value constant = node.inputOrNull(1 - data);
    Tensor operand = constant == null ? null : constant.constant();
    if (x == null || operand == null) {
      return Outcome.none();
    }
    try {
      if (!Uses.only(node.output(), conv)) {
        throw new Unfoldable("the result is used elsewhere");
      }
      Linear linear = Linear.of(conv);
      int group = Math.toIntExact(conv.intAttribute("group", 1));
      int inputs = Math.toIntExact(linear.weight().dim(1)) * group;
      double[] values =
          Linear.perChannel(operand, inputs, linear.channelAxisFromEnd(), linear.weight().rank());
      // A single number could stand for all channels, and could as well widen x.
      if (values == null
          || rewrite.rank(x) != linear.weight().rank()
          || widens(x, inputs, rewrite)) {
        throw new Unfoldable(operand + " is not one number per channel");
      }
      if (node.is("Add") || node.is("Sub")) {
        shift(linear, node.is("Add") ? 1 : -1, values, group, rewrite);
      } else {
        scale(linear, node.is("Div"), values, group, rewrite);
      }
    } catch (Unfoldable e) {
      return Outcome.refused(node.opType() + " before Conv: " + e.reason());
    }
    conv.graph().setInput(conv, 0, x);
    String opType = node.opType();
    rewrite.sweep(node);
    return Outcome.changed(opType + " goes into the weights of the Conv after it");
  }

  private static boolean widens(Value x, int channels, Rewrite rewrite) {
    return rewrite.fixedDim(x, 1) != channels;
  }

  private static void scale(
      Linear linear, boolean divide, double[] values, int group, Rewrite rewrite) {
    Tensor weight = linear.weight();
    double[] scaled = weight.toDoubles();
    for (int i = 0; i < scaled.length; i++) {
      double factor = values[inputChannel(weight, i, group)];
      scaled[i] = divide ? scaled[i] / factor : scaled[i] * factor;
    }
    Tensor tensor = Linear.real(weight.type(), scaled, Call.dims(weight));
    Node conv = linear.node();
    conv.graph().setInput(conv, 1, rewrite.constant(conv, conv.input(1).name(), tensor));
  }

  private static void shift(Linear linear, int sign, double[] values, int group, Rewrite rewrite) {
    Node conv = linear.node();
    List<Long> pads = conv.intsAttribute("pads", List.of());
    String autoPad = conv.stringAttribute("auto_pad", "NOTSET");
    boolean padded = pads.stream().anyMatch(pad -> pad != 0) || autoPad.startsWith("SAME");
    if (padded) {
      throw new Unfoldable("the Conv pads with zeros, which have no summand");
    }
    Tensor weight = linear.weight();
    double[] weights = weight.toDoubles();
    double[] shift = new double[linear.channels()];
    for (int i = 0; i < weights.length; i++) {
      int output = (int) (i / (weight.size() / linear.channels()));
      shift[output] += sign * weights[i] * values[inputChannel(weight, i, group)];
    }
    Tensor bias = linear.bias();
    double[] sum = bias == null ? new double[shift.length] : bias.toDoubles();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += shift[i];
    }
    Tensor tensor = Linear.real(weight.type(), sum, sum.length);
    conv.graph().setInput(conv, 2, rewrite.constant(conv, conv.output().name() + "/bias", tensor));
  }

  /** Which input channel an element of the weight {@code [K, C/group, …]} multiplies. */
  private static int inputChannel(Tensor weight, int index, int group) {
    long window = weight.size() / weight.dim(0) / weight.dim(1);
    long output = index / (window * weight.dim(1));
    return (int)
        (output / (weight.dim(0) / group) * weight.dim(1) + index / window % weight.dim(1));
  }
}
