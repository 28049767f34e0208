package dev.hasten.graph.rewrite;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Dim;
import dev.hasten.graph.Node;
import dev.hasten.graph.Shape;
import dev.hasten.graph.Value;
import java.util.List;

/**
 * An integer or boolean tensor that is computed from known lengths becomes a constant: {@code
 * Gather(Shape(x[batch,seq,384]), 2)} becomes {@code 384}, whatever batch and seq are.
 */
final class FoldShapes implements Rule {
  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (node.is("Constant") || node.outputs().size() != 1 || !node.subgraphs().isEmpty()) {
      return Outcome.none();
    }
    Value output = node.output();
    DataType type = rewrite.type(output);
    if (type != DataType.INT64 && type != DataType.INT32 && type != DataType.BOOL) {
      return Outcome.none();
    }
    List<Dim> content = rewrite.content(output);
    Shape shape = rewrite.shape(output);
    if (content == null
        || shape == null
        || !shape.isFixed()
        || !content.stream().allMatch(Dim::isFixed)) {
      return Outcome.none();
    }
    long[] values = content.stream().mapToLong(dim -> dim.value().orElseThrow()).toArray();
    long[] dims = shape.dims().stream().mapToLong(dim -> dim.value().orElseThrow()).toArray();
    if (Call.product(dims, 0, dims.length) != values.length) {
      return Outcome.none();
    }
    return FoldConstants.replace(node, HostArithmetic.integers(type, values, dims), rewrite);
  }
}
