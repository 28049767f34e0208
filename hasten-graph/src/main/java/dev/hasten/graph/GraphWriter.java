package dev.hasten.graph;

import dev.hasten.graph.wire.OnnxWire.AttributeProto;
import dev.hasten.graph.wire.OnnxWire.GraphProto;
import dev.hasten.graph.wire.OnnxWire.ModelProto;
import dev.hasten.graph.wire.OnnxWire.NodeProto;
import dev.hasten.graph.wire.OnnxWire.SparseTensorProto;
import dev.hasten.graph.wire.OnnxWire.TensorProto;
import java.util.List;
import java.util.function.BiFunction;

/** Makes the file's form of a graph: what was not edited comes out as it was read. */
final class GraphWriter {
  private final BiFunction<String, Tensor, TensorProto> initializers;
  private final RawWriter raw;

  /**
   * Prepares to write.
   *
   * @param initializers gives the file's form of an initializer, by its name and content
   * @param raw takes the data
   */
  GraphWriter(BiFunction<String, Tensor, TensorProto> initializers, RawWriter raw) {
    this.raw = raw;
    this.initializers = initializers;
  }

  /** Writes with all weights inside. */
  static ModelProto inline(Model model, RawWriter raw) {
    return new GraphWriter((name, tensor) -> TensorCodec.write(name, tensor, raw), raw)
        .write(model);
  }

  ModelProto write(Model model) {
    return model.template().toBuilder().setGraph(write(model.graph())).build();
  }

  GraphProto write(Graph graph) {
    GraphProto.Builder out = graph.template.toBuilder();
    if (!graph.name().equals(graph.template.getName())) {
      out.setName(graph.name());
    }
    graph.inputs.forEach(d -> out.addInput(d.render()));
    graph.outputs.forEach(d -> out.addOutput(d.render()));
    for (Value value : graph.initializers()) {
      Tensor tensor = value.initializer();
      if (tensor != null) {
        out.addInitializer(initializers.apply(value.name(), tensor));
      } else if (value.sparse != null) {
        out.addSparseInitializer(sparse(value.name(), value.sparse));
      }
      // Before IR version 4 every initializer of the main graph had to be an input too: those that
      // edits add are, those of the file are what they were.
      if (!value.input && !value.unlisted && graph.context.irVersion < 4 && graph.outer() == null) {
        out.addInput(Declaration.fresh(value).render());
      }
    }
    graph.nodes().forEach(node -> out.addNode(write(node)));
    graph.valueInfos().forEach(d -> out.addValueInfo(d.render()));
    return out.build();
  }

  private static SparseTensorProto sparse(String name, SparseTensorProto sparse) {
    return sparse.getValues().getName().equals(name)
        ? sparse
        : sparse.toBuilder().setValues(sparse.getValues().toBuilder().setName(name)).build();
  }

  private NodeProto write(Node node) {
    NodeProto.Builder out = node.template.toBuilder();
    if (!node.name.equals(node.template.getName())) {
      out.setName(node.name);
    }
    for (Value input : node.inputs) {
      out.addInput(input == null ? "" : input.name());
    }
    node.outputs.forEach(output -> out.addOutput(output.name()));
    node.attributes.forEach((name, held) -> out.addAttribute(write(name, held)));
    return out.build();
  }

  private AttributeProto write(String name, Node.Held held) {
    AttributeProto template = held.template();
    if (template == null) {
      return Attributes.write(name, held.value(), this).build();
    }
    return switch (held.value()) {
      case Attribute.GraphAttr(Graph v) -> template.toBuilder().setG(write(v)).build();
      case Attribute.GraphsAttr(List<Graph> v) ->
          template.toBuilder().addAllGraphs(v.stream().map(this::write).toList()).build();
      case Attribute.TensorAttr(Tensor v) -> template.toBuilder().setT(write(v)).build();
      case Attribute.TensorsAttr(List<Tensor> v) ->
          template.toBuilder().addAllTensors(v.stream().map(this::write).toList()).build();
      case Attribute other -> template;
    };
  }

  TensorProto write(Tensor tensor) {
    return TensorCodec.write(null, tensor, raw);
  }
}
