package dev.hasten.study.layers;

import dev.hasten.graph.Graph;
import dev.hasten.graph.Node;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** In which order a graph computes its values, and how long each is needed. */
final class Flow {
  private static final int INPUT = -1;

  private final Graph graph;
  private final Map<String, Integer> positions = new HashMap<>();

  /** Values that depend on the graph's inputs, and after which node they are there. */
  private final Map<Value, Integer> made = new LinkedHashMap<>();

  private final Map<Value, Integer> lastRead = new HashMap<>();

  Flow(Graph graph) {
    this.graph = graph;
    graph.inputs().stream().filter(v -> !v.isInitializer()).forEach(v -> made.put(v, INPUT));
    List<Node> nodes = graph.nodes();
    for (int i = 0; i < nodes.size(); i++) {
      Node node = nodes.get(i);
      positions.put(node.name(), i);
      int position = i;
      List<Value> read = reads(node).stream().filter(made::containsKey).toList();
      read.forEach(value -> lastRead.put(value, position));
      if (!read.isEmpty()) {
        node.outputs().stream().filter(Value::isUsed).forEach(v -> made.put(v, position));
      }
    }
    graph.outputs().forEach(value -> lastRead.put(value, Integer.MAX_VALUE));
  }

  private static Set<Value> reads(Node node) {
    Set<Value> values = new LinkedHashSet<>();
    node.inputs().stream().filter(java.util.Objects::nonNull).forEach(values::add);
    node.subgraphs().forEach(inner -> values.addAll(inner.captures()));
    return values;
  }

  int position(String node) {
    Integer position = positions.get(node);
    if (position == null) {
      throw new IllegalArgumentException("node '" + node + "' (expected: one of the model)");
    }
    return position;
  }

  /** The values that were made before a position and are read at it or later. */
  Set<String> live(int position) {
    Set<String> live = new LinkedHashSet<>();
    made.forEach((value, at) -> {
      if (at < position && lastRead.getOrDefault(value, INPUT) >= position) {
        live.add(value.name());
      }
    });
    return live;
  }

  /** What a node reads that depends on the graph's inputs. */
  List<String> inputs(Node node) {
    return reads(node).stream().filter(made::containsKey).map(Value::name).toList();
  }

  /**
   * What these nodes give to the rest of the graph. A bias that is added to a product belongs to
   * it: the integer kernels add it on the way.
   */
  List<String> outputs(List<Node> nodes) {
    Set<Node> own = new HashSet<>(nodes);
    List<String> outputs = new ArrayList<>();
    for (Node node : nodes) {
      for (Value value : node.outputs()) {
        boolean inside = value.users().stream().allMatch(use -> own.contains(use.node()));
        if (value.isUsed() && (value.isOutput() || !inside)) {
          outputs.add(biased(value).name());
        }
      }
    }
    return outputs;
  }

  private Value biased(Value product) {
    if (product.isOutput() || product.users().size() != 1) {
      return product;
    }
    Node add = product.users().getFirst().node();
    boolean constant =
        add.is("Add")
            && add.graph() == graph
            && add.inputs().stream().anyMatch(v -> v != null && v.constant() != null);
    return constant ? add.output() : product;
  }
}
