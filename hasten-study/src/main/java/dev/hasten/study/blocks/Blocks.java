package dev.hasten.study.blocks;

import dev.hasten.graph.Graph;
import dev.hasten.graph.Node;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The repeated blocks of a graph: by the scopes in the nodes' names where an exporter left them,
 * else where the same sequence of operators and weights' shapes comes again and again.
 */
public final class Blocks {
  /** Scopes count if they hold at least this share of the nodes. */
  private static final double ENOUGH = 0.25;

  private final List<Block> all;
  private final Map<Node, Block> byNode = new HashMap<>();

  private Blocks(List<Block> all) {
    this.all = List.copyOf(all);
    all.forEach(block -> block.nodes().forEach(node -> byNode.put(node, block)));
  }

  /** The blocks of the main graph; empty if nothing repeats. */
  public static Blocks of(Graph graph) {
    List<Block> scoped = ScopeBlocks.find(graph.nodes());
    int held = scoped.stream().mapToInt(b -> b.nodes().size()).sum();
    return new Blocks(
        held >= ENOUGH * graph.nodes().size() && held > 0
            ? scoped
            : PeriodicBlocks.find(graph.nodes()));
  }

  /** The blocks of these nodes, in their order, by structure alone. */
  public static List<Block> repeated(List<Node> nodes) {
    return PeriodicBlocks.find(nodes);
  }

  /** In the graph's order. */
  public List<Block> all() {
    return all;
  }

  /** The block that a node of the main graph is in. */
  public Optional<Block> of(Node node) {
    return Optional.ofNullable(byNode.get(node));
  }
}
