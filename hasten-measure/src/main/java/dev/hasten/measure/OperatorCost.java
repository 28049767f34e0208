package dev.hasten.measure;

import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import dev.hasten.measure.OperatorProfile.NodeTime;
import dev.hasten.measure.OperatorProfile.TensorShape;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Operations and bytes of a node as it ran, from the shapes that the profiler saw: so nodes that
 * the runtime made by fusing count too, under whatever name.
 *
 * @param flops operations, a multiply-add counts two; 0 for what only moves data
 * @param bytes inputs, outputs and packed weights, each once
 * @param integer whether its products are of bytes
 */
record OperatorCost(double flops, double bytes, boolean integer) {
  /**
   * @param node the model's node of the same name, if there is one: it knows a convolution's kernel
   */
  static OperatorCost of(NodeTime run, @Nullable Node node) {
    boolean integer =
        run.opType().contains("Integer")
            || run.opType().startsWith("QLinear")
            || run.opType().startsWith("QAttention")
            || run.opType().startsWith("DynamicQuantizeMatMul");
    double moved = bytes(run.inputs()) + bytes(run.outputs());
    if (run.inputs().isEmpty() || run.outputs().isEmpty()) {
      return new OperatorCost(0, moved, integer);
    }
    TensorShape in = run.inputs().getFirst();
    TensorShape out = run.outputs().getFirst();
    int weightBytes = integer ? 1 : 4;
    return switch (run.opType()) {
      case "MatMul",
          "FusedMatMul",
          "Gemm",
          "FusedGemm",
          "MatMulInteger",
          "MatMulIntegerToFloat",
          "DynamicQuantizeMatMul",
          "QLinearMatMul",
          "MatMulNBits" -> {
        double depth = depth(in, node);
        // A constant factor was packed when the model was loaded and is no longer an input.
        boolean packed = run.inputs().stream().skip(1).allMatch(s -> s.dims().size() < 2);
        double weights = packed ? depth * last(out) * weightBytes : 0;
        yield new OperatorCost(2 * out.size() * depth, moved + weights, integer);
      }
      case "Attention", "QAttention" -> {
        // [B,S,H] times [H,3H], then S×S scores and as many sums over the values.
        double rows = in.size() / last(in);
        double hidden = last(in);
        double length = in.dims().size() > 1 ? in.dims().get(in.dims().size() - 2) : 1;
        double flops = 2 * rows * hidden * 3 * hidden + 4 * rows * length * last(out);
        boolean packed = run.inputs().stream().noneMatch(s -> s.size() == 3 * hidden * hidden);
        double weights = packed ? 3 * hidden * hidden * weightBytes : 0;
        yield new OperatorCost(flops, moved + weights, integer);
      }
      case "Conv", "FusedConv", "ConvInteger", "QLinearConv", "NhwcFusedConv" -> {
        List<Long> kernel = kernel(run, node);
        double perOutput =
            kernel.stream().skip(1).mapToDouble(Long::doubleValue).reduce(1, (a, b) -> a * b);
        boolean packed = run.inputs().stream().noneMatch(s -> s.dims().equals(kernel));
        double weights =
            packed && !kernel.isEmpty() ? kernel.getFirst() * perOutput * weightBytes : 0;
        double flops = kernel.isEmpty() ? 0 : 2 * out.size() * perOutput;
        yield new OperatorCost(flops, moved + weights, integer);
      }
      case "Gather", "GatherElements", "EmbedLayerNormalization" ->
          // Only the rows asked for are read, not the table.
          new OperatorCost(0, 2.0 * bytes(run.outputs()), integer);
      case "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Shape" ->
          new OperatorCost(0, 0, integer);
      case "Transpose", "Concat", "Slice", "Split", "Cast", "Expand", "Pad", "Where" ->
          new OperatorCost(0, moved, integer);
      case "Softmax",
          "LayerNormalization",
          "SkipLayerNormalization",
          "SimplifiedLayerNormalization" ->
          new OperatorCost(8.0 * out.size(), moved, integer);
      case "Gelu", "BiasGelu", "FastGelu", "QuickGelu", "Erf", "Tanh", "Sigmoid", "Exp" ->
          new OperatorCost(16.0 * out.size(), moved, integer);
      default -> new OperatorCost(Math.max(in.size(), out.size()), moved, integer);
    };
  }

  /** The length of the sums: the first factor's last size, unless the model says it is turned. */
  private static double depth(TensorShape first, @Nullable Node node) {
    boolean turned = node != null && node.intAttribute("transA", 0) == 1;
    return turned && first.dims().size() == 2 ? first.dims().getFirst() : last(first);
  }

  /** Sizes of a convolution's kernel [out, in / groups, k…]; empty if unknown. */
  private static List<Long> kernel(NodeTime run, @Nullable Node node) {
    int rank = run.inputs().getFirst().dims().size();
    for (TensorShape shape : run.inputs().subList(1, run.inputs().size())) {
      if (shape.dims().size() == rank) {
        return shape.dims();
      }
    }
    if (node != null) {
      for (Value value : node.inputs()) {
        Tensor weights = value == null ? null : value.constant();
        if (weights != null && weights.rank() == rank) {
          return weights.dims();
        }
      }
    }
    return List.of();
  }

  private static double last(TensorShape shape) {
    return shape.dims().isEmpty() ? 1 : shape.dims().getLast();
  }

  private static double bytes(List<TensorShape> shapes) {
    double sum = 0;
    for (TensorShape shape : shapes) {
      sum += (double) shape.size() * shape.elementBytes();
    }
    return sum;
  }
}
