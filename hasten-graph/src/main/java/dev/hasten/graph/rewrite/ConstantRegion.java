package dev.hasten.graph.rewrite;

import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Use;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The nodes behind a value that is computed from constants alone.
 *
 * @param result the last node
 * @param nodes all of them, each after those that it reads, the result's last
 */
record ConstantRegion(Node result, Set<Node> nodes) {
  private static final int MAX_NODES = 64;
  private static final int MAX_DEPTH = 16;

  /** What is computed on the way may be larger than the result, but not without bounds. */
  private static final long MAX_TRANSIENT_BYTES = 1 << 28;

  /** The region, or null if a part of it is not constant or not known to the host. */
  static @Nullable ConstantRegion behind(Node result) {
    Set<Node> nodes = new LinkedHashSet<>();
    return collect(result, result, nodes, MAX_DEPTH) ? new ConstantRegion(result, nodes) : null;
  }

  private static boolean collect(Node node, Node result, Set<Node> nodes, int depth) {
    if (nodes.contains(node)) {
      return true;
    }
    if (depth == 0
        || !Evaluator.knows(node)
        || node.graph() != result.graph()
        || node.inputs().isEmpty()) {
      return false;
    }
    for (Value input : node.inputs()) {
      if (input == null || input.constant() != null) {
        continue;
      }
      Node producer = input.producer();
      if (producer == null || !collect(producer, result, nodes, depth - 1)) {
        return false;
      }
    }
    nodes.add(node);
    return nodes.size() <= MAX_NODES;
  }

  /** The bytes of constants that nothing but this region uses. */
  long freedBytes() {
    Set<Value> read = new LinkedHashSet<>();
    for (Node node : nodes) {
      for (Value input : node.inputs()) {
        if (input != null && input.constant() != null && !input.isOutput()) {
          read.add(input);
        }
      }
    }
    long bytes = 0;
    for (Value input : read) {
      Tensor tensor = input.constant();
      if (tensor != null && input.users().stream().map(Use::node).allMatch(this::isOwn)) {
        bytes += tensor.byteSize();
      }
    }
    return bytes;
  }

  /** Whether a node goes with the region: nobody else reads what it makes. */
  private boolean isOwn(Node node) {
    return node == result
        || nodes.contains(node)
            && !node.output().isOutput()
            && node.output().users().stream().map(Use::node).allMatch(this::isOwn);
  }

  /** Computes the result; it may take {@code maxBytes}. */
  Evaluator.Result evaluate(long opset, long maxBytes) {
    Map<Value, Tensor> known = new IdentityHashMap<>();
    for (Node node : nodes) {
      List<@Nullable Tensor> inputs = new ArrayList<>();
      for (Value input : node.inputs()) {
        Tensor constant = input == null ? null : input.constant();
        inputs.add(input == null ? null : constant != null ? constant : known.get(input));
      }
      long limit = node == result ? maxBytes : MAX_TRANSIENT_BYTES;
      Evaluator.Result computed = Evaluator.evaluate(node, inputs, opset, limit);
      if (node == result || !(computed instanceof Evaluator.Computed(List<Tensor> outputs))) {
        return computed;
      }
      known.put(node.output(), outputs.getFirst());
    }
    return new Evaluator.Unknown();
  }
}
