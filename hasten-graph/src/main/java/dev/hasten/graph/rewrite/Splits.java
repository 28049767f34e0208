package dev.hasten.graph.rewrite;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.List;
import java.util.Map;

/** Cuts a value along an axis. */
final class Splits {
  /** From here on, Split has its lengths as an input. */
  private static final long INPUT_OPSET = 13;

  private Splits() {}

  /** Adds {@code Split(whole)} into pieces of the given lengths. */
  static Node add(
      Node at, Value whole, long axis, long[] lengths, List<String> names, Rewrite rewrite) {
    if (rewrite.opset() < INPUT_OPSET) {
      return rewrite.addNode(
          at,
          "",
          "Split",
          List.of(whole),
          Map.of("axis", Attribute.of(axis), "split", Attribute.ints(lengths)),
          names);
    }
    Value split =
        rewrite.constant(at, at.output().name() + "/split", Tensor.longs(lengths, lengths.length));
    return rewrite.addNode(
        at, "", "Split", List.of(whole, split), Map.of("axis", Attribute.of(axis)), names);
  }
}
