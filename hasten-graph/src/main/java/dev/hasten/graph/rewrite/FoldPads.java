package dev.hasten.graph.rewrite;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Padding goes into the convolution or pooling after it, which pads as well.
 *
 * <pre>
 * Conv(Pad(x[N,C,H,W], [0,0,1,1, 0,0,1,1]), W)
 * Conv(x, W, pads = [1,1,1,1])
 * </pre>
 *
 * Conv pads with 0, MaxPool with −∞, and AveragePool with 0 where it counts what it pads.
 */
final class FoldPads implements Rule {
  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    boolean takes = node.is("", "Conv") || node.is("", "MaxPool") || node.is("", "AveragePool");
    Node pad = takes ? node.input(0).producer() : null;
    if (pad == null || !pad.is("", "Pad") || pad.graph() != node.graph()) {
      return Outcome.none();
    }
    Value x = pad.input(0);
    int rank = rewrite.rank(x);
    long[] pads = pads(pad);
    String reason = rank < 3 ? "the rank is not known" : reason(node, pad, pads, rank, rewrite);
    if (reason != null || pads == null) {
      return Outcome.refused(String.valueOf(reason));
    }
    int spatial = rank - 2;
    List<Long> own = node.intsAttribute("pads", List.of());
    long[] sum = new long[2 * spatial];
    for (int i = 0; i < spatial; i++) {
      sum[i] = pads[2 + i] + (own.isEmpty() ? 0 : own.get(i));
      sum[spatial + i] = pads[rank + 2 + i] + (own.isEmpty() ? 0 : own.get(spatial + i));
    }
    List<Long> kernel = node.intsAttribute("kernel_shape", List.of());
    for (int i = 0; i < sum.length && !node.is("Conv"); i++) {
      if (sum[i] >= kernel.get(i % spatial)) {
        return Outcome.refused("a window would lie in the padding alone");
      }
    }
    node.graph().setAttribute(node, "pads", Attribute.ints(sum));
    node.graph().removeAttribute(node, "auto_pad");
    if (node.is("AveragePool")) {
      node.graph().setAttribute(node, "count_include_pad", Attribute.of(1L));
    }
    node.graph().setInput(node, 0, x);
    rewrite.sweep(pad);
    return Outcome.changed("Pad goes into " + node.opType());
  }

  private static @Nullable String reason(
      Node node, Node pad, long @Nullable [] pads, int rank, Rewrite rewrite) {
    if (pads == null
        || pads.length != 2 * rank
        || !pad.stringAttribute("mode", "constant").equals("constant")) {
      return "it does not pad all axes by known lengths with a constant";
    }
    if (pad.inputOrNull(3) != null) {
      return "it names axes";
    }
    if (!Uses.only(pad.output(), node)) {
      return "the padded " + pad.output().name() + " is used elsewhere";
    }
    if (Arrays.stream(pads).anyMatch(n -> n < 0)
        || pads[0] + pads[1] + pads[rank] + pads[rank + 1] != 0) {
      return "it cuts, or pads batch or channels: " + Arrays.toString(pads);
    }
    if (!List.of("NOTSET", "VALID").contains(node.stringAttribute("auto_pad", "NOTSET"))) {
      return "auto_pad depends on the padded length";
    }
    if (!node.is("Conv") && node.intAttribute("ceil_mode", 0) != 0) {
      return "ceil_mode lets windows begin in the padding";
    }
    Double value = value(pad);
    double needed = node.is("MaxPool") ? Double.NEGATIVE_INFINITY : 0;
    if (value == null || value != needed) {
      return "%s pads with %s (expected: %s)".formatted(node.opType(), value, needed);
    }
    boolean ownPads = node.intsAttribute("pads", List.of()).stream().anyMatch(n -> n != 0);
    if (node.is("AveragePool") && ownPads && node.intAttribute("count_include_pad", 0) == 0) {
      return "AveragePool does not count its own padding";
    }
    if (node.is("MaxPool") && node.outputs().size() > 1) {
      return "the indices count the padding";
    }
    return rewrite.type(pad.input(0)) == DataType.FLOAT ? null : "the type is not float";
  }

  private static long @Nullable [] pads(Node pad) {
    List<Long> attribute = pad.intsAttribute("pads");
    if (attribute != null) {
      return attribute.stream().mapToLong(Long::longValue).toArray();
    }
    Value value = pad.inputOrNull(1);
    Tensor tensor = value == null ? null : value.constant();
    return tensor == null ? null : tensor.toLongs();
  }

  private static @Nullable Double value(Node pad) {
    return pad.attribute("value") != null
        ? Double.valueOf(pad.floatAttribute("value", 0))
        : Constants.number(pad.inputOrNull(2), 0);
  }
}
