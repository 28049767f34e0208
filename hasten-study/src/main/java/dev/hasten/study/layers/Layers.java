package dev.hasten.study.layers;

import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import dev.hasten.study.blocks.Block;
import dev.hasten.study.blocks.Blocks;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Puts nodes together that are quantized as one. */
final class Layers {
  private Layers() {}

  /**
   * Groups nodes, given in the graph's order, by what they read. What has no weights, and is only
   * taken along between layers that have, is none.
   */
  static List<Layer> of(Model model, Flow flow, List<Node> nodes) {
    Blocks blocks = Blocks.of(model.graph());
    Map<List<String>, List<Node>> groups = new LinkedHashMap<>();
    for (Node node : nodes) {
      List<String> inputs = flow.inputs(node);
      boolean weighty = weights(node).stream().anyMatch(w -> w.rank() >= 2);
      if (weighty && !inputs.isEmpty()) {
        groups.computeIfAbsent(inputs, i -> new ArrayList<>()).add(node);
      }
    }
    return groups.values().stream().map(group -> layer(group, blocks)).toList();
  }

  private static Layer layer(List<Node> group, Blocks blocks) {
    Node first = group.getFirst();
    long bytes = 0;
    for (Node node : group) {
      bytes += weights(node).stream().mapToLong(Tensor::byteSize).sum();
    }
    List<Tensor> weights = weights(first);
    String kind = first.opType() + (weights.isEmpty() ? "" : " " + weights.getFirst().dims());
    return new Layer(
        first.name(),
        group.stream().map(Node::name).toList(),
        group.size() > 1 ? group.size() + " × " + kind : kind,
        blocks.of(first).map(Block::name).orElse(""),
        bytes);
  }

  private static List<Tensor> weights(Node node) {
    return node.inputs().stream()
        .filter(Objects::nonNull)
        .map(Value::constant)
        .filter(Objects::nonNull)
        .map(Objects::requireNonNull)
        .toList();
  }
}
