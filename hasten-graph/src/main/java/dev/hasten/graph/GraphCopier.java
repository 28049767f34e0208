package dev.hasten.graph;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Copies the structure of a graph; tensors and what else is immutable are shared. */
final class GraphCopier {
  private final ModelContext context;
  private final Map<Value, Value> copies = new IdentityHashMap<>();

  private GraphCopier(ModelContext context) {
    this.context = context;
  }

  static Graph copy(Graph graph, ModelContext context) {
    return new GraphCopier(context).copy(graph, (Graph) null);
  }

  private Graph copy(Graph from, @Nullable Graph outer) {
    Graph to = new Graph(context, outer, from.template);
    to.setName(from.name());
    for (Declaration input : from.inputs) {
      to.inputs.add(new Declaration(copy(input.value, to), input.template));
    }
    for (Value value : from.initializers()) {
      to.enterInitializer(copy(value, to));
    }
    List<Node> nodes = from.nodes();
    List<Node> made = new ArrayList<>(nodes.size());
    for (Node node : nodes) {
      Node copy = new Node(to, node.template);
      copy.name = node.name;
      to.attach(copy);
      for (Value output : node.outputs) {
        Value value = to.define(copy, output.name);
        value.declared = output.declared;
        value.retyped = output.retyped;
        copies.put(output, value);
      }
      made.add(copy);
    }
    for (int i = 0; i < made.size(); i++) {
      connect(nodes.get(i), made.get(i));
    }
    for (Declaration output : from.outputs) {
      Value value = known(output.value);
      value.outputs++;
      to.outputs.add(new Declaration(value, output.template));
    }
    for (Declaration info : from.infos) {
      Value value = copies.get(info.value);
      if (value != null) {
        to.infos.add(new Declaration(value, info.template));
      } else if (info.value.graph == from && info.isOrphan()) {
        to.addOrphan(info.template);
      }
    }
    return to;
  }

  private Value copy(Value from, Graph to) {
    return copies.computeIfAbsent(
        from,
        key -> {
          Value value = new Value(to, from.name);
          value.tensor = from.tensor;
          value.sparse = from.sparse;
          value.declared = from.declared;
          value.retyped = from.retyped;
          value.input = from.input;
          value.unlisted = from.unlisted;
          to.enter(value);
          return value;
        });
  }

  private void connect(Node from, Node to) {
    for (Value input : from.inputs) {
      to.inputs.add(null);
      to.graph.link(to, to.inputs.size() - 1, input == null ? null : known(input));
    }
    from.attributes.forEach((key, held) -> to.graph.hold(to, key, copy(held, to.graph)));
  }

  private Node.Held copy(Node.Held held, Graph outer) {
    return switch (held.value()) {
      case Attribute.GraphAttr(Graph g) ->
          new Node.Held(new Attribute.GraphAttr(copy(g, outer)), held.template());
      case Attribute.GraphsAttr(List<Graph> gs) ->
          new Node.Held(
              new Attribute.GraphsAttr(gs.stream().map(g -> copy(g, outer)).toList()),
              held.template());
      case Attribute other -> held;
    };
  }

  private Value known(Value value) {
    return Objects.requireNonNull(copies.get(value), value::name);
  }
}
