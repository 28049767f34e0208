package dev.hasten.graph;

import java.util.List;
import java.util.stream.Stream;

/** The tensors that a graph holds. */
final class Weights {
  private Weights() {}

  /** Initializers and tensors in attributes, nested graphs included. */
  static Stream<Tensor> of(Graph graph) {
    Stream<Tensor> own =
        graph.initializers().stream().flatMap(value -> Stream.ofNullable(value.initializer()));
    return Stream.concat(own, graph.nodeSet().stream().flatMap(Weights::of));
  }

  private static Stream<Tensor> of(Node node) {
    return node.attributes.values().stream()
        .flatMap(held ->
            switch (held.value()) {
              case Attribute.TensorAttr(Tensor v) -> Stream.of(v);
              case Attribute.TensorsAttr(List<Tensor> v) -> v.stream();
              case Attribute other -> Graph.subgraphs(other).stream().flatMap(Weights::of);
            });
  }
}
