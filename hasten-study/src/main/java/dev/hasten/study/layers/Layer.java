package dev.hasten.study.layers;

import java.util.List;

/**
 * A part of a model that is quantized as one: the nodes that read the same activations, such as
 * query, key and value, whose quantization is shared.
 *
 * @param name for people: its first node's
 * @param nodes names, in the graph's order
 * @param kind what it is, equal for equal ones: {@code MatMul [384, 1536]}
 * @param block the repeated block it belongs to, empty if none
 * @param weightBytes of its weights as they are
 */
public record Layer(String name, List<String> nodes, String kind, String block, long weightBytes) {
  public Layer {
    nodes = List.copyOf(nodes);
  }
}
