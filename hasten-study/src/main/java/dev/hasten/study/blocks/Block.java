package dev.hasten.study.blocks;

import dev.hasten.graph.Node;
import java.util.List;

/**
 * One of several alike parts of a graph.
 *
 * @param family what the alike ones have in common: {@code /encoder/layer.*}, or {@code A} where
 *     nodes have no scopes
 * @param name of this one: {@code /encoder/layer.3}, {@code A 3}
 * @param nodes in the graph's order
 */
public record Block(String family, String name, List<Node> nodes) {
  public Block {
    nodes = List.copyOf(nodes);
  }
}
