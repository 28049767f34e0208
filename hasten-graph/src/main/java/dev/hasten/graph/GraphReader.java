package dev.hasten.graph;

import dev.hasten.graph.wire.OnnxWire.AttributeProto;
import dev.hasten.graph.wire.OnnxWire.GraphProto;
import dev.hasten.graph.wire.OnnxWire.NodeProto;
import dev.hasten.graph.wire.OnnxWire.SparseTensorProto;
import dev.hasten.graph.wire.OnnxWire.TensorProto;
import dev.hasten.graph.wire.OnnxWire.ValueInfoProto;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes a graph of its form in the file: names become edges. */
final class GraphReader {
  private static final String DAMAGED = "The model is not valid; export it again";

  private final String source;
  private final ModelContext context;
  private final @Nullable ExternalFiles external;
  private final RawSlices slices;

  GraphReader(
      String source, ModelContext context, @Nullable ExternalFiles external, RawSlices slices) {
    this.slices = slices;
    this.source = source;
    this.context = context;
    this.external = external;
  }

  Graph read(GraphProto proto, @Nullable Graph outer) {
    GraphProto template =
        proto.toBuilder()
            .clearNode()
            .clearInitializer()
            .clearSparseInitializer()
            .clearInput()
            .clearOutput()
            .clearValueInfo()
            .build();
    Graph graph = new Graph(context, outer, template);
    for (ValueInfoProto input : proto.getInputList()) {
      Value value = define(graph, input.getName(), "input");
      value.input = true;
      declare(value, input);
      graph.inputs.add(new Declaration(value, input));
    }
    for (TensorProto initializer : proto.getInitializerList()) {
      Value value = initializer(graph, initializer.getName());
      value.tensor =
          TensorCodec.read(
              initializer,
              "%s: initializer '%s'".formatted(source, initializer.getName()),
              external,
              slices);
    }
    for (SparseTensorProto initializer : proto.getSparseInitializerList()) {
      String name = initializer.getValues().getName();
      initializer(graph, name).sparse =
          Embedded.weights(
                  initializer.toBuilder(), external, "%s: initializer '%s'".formatted(source, name))
              .build();
    }
    List<Node> nodes = new ArrayList<>(proto.getNodeCount());
    for (NodeProto node : proto.getNodeList()) {
      nodes.add(outline(graph, node));
    }
    for (int i = 0; i < nodes.size(); i++) {
      connect(nodes.get(i), proto.getNode(i));
    }
    for (ValueInfoProto output : proto.getOutputList()) {
      Value value = graph.find(output.getName());
      if (value == null) {
        throw ModelException.of(
            source + ": output '" + output.getName() + "' of graph '" + graph.name() + "'",
            "nothing makes it",
            "an output of a node, an input or an initializer",
            DAMAGED);
      }
      value.outputs++;
      if (value.graph == graph) {
        declare(value, output);
      }
      graph.outputs.add(new Declaration(value, output));
    }
    for (ValueInfoProto info : proto.getValueInfoList()) {
      Value value = info.getName().isEmpty() ? null : graph.findLocal(info.getName());
      if (value == null) {
        graph.addOrphan(info);
      } else {
        declare(value, info);
        graph.infos.add(new Declaration(value, info));
      }
    }
    try {
      graph.nodes();
    } catch (ModelException e) {
      throw new ModelException(source + ": " + e.getMessage(), e);
    }
    return graph;
  }

  private static void declare(Value value, ValueInfoProto info) {
    if (value.declared == null && info.hasType()) {
      value.declared = info.getType();
    }
  }

  private Value define(Graph graph, String name, String what) {
    if (name.isEmpty() || graph.findLocal(name) != null) {
      throw ModelException.of(
          source + ": " + what + " of graph '" + graph.name() + "'",
          name.isEmpty() ? "no name" : "the name '" + name + "' a second time",
          "a name of its own",
          DAMAGED);
    }
    Value value = new Value(graph, name);
    graph.enter(value);
    return value;
  }

  /** An initializer may stand for an input: it is that input's default then. */
  private Value initializer(Graph graph, String name) {
    Value known = graph.findLocal(name);
    Value value =
        known != null && known.input && !known.isInitializer()
            ? known
            : define(graph, name, "initializer");
    value.unlisted = known == null;
    graph.enterInitializer(value);
    return value;
  }

  /** The node with its outputs; its inputs may be defined later in the file. */
  private Node outline(Graph graph, NodeProto proto) {
    Node node =
        new Node(graph, proto.toBuilder().clearInput().clearOutput().clearAttribute().build());
    graph.attach(node);
    for (String output : proto.getOutputList()) {
      if (graph.findLocal(output) != null) {
        throw ModelException.of(
            source + ": node " + node,
            "its output '" + output + "' is defined a second time",
            "a name of its own",
            DAMAGED);
      }
      graph.define(node, output);
    }
    return node;
  }

  private void connect(Node node, NodeProto proto) {
    for (int i = 0; i < proto.getInputCount(); i++) {
      String name = proto.getInput(i);
      node.inputs.add(null);
      if (!name.isEmpty()) {
        Value value = node.graph.find(name);
        if (value == null) {
          throw ModelException.of(
              source + ": node " + node,
              "its input " + i + " '" + name + "' is made by nothing",
              "a graph input, an initializer or an output of a node that it can see",
              DAMAGED);
        }
        node.graph.link(node, i, value);
      }
    }
    for (AttributeProto stored : proto.getAttributeList()) {
      String name = stored.getName();
      if (node.attributes.containsKey(name)) {
        throw ModelException.of(
            source + ": node " + node,
            "attribute '" + name + "' a second time",
            "each attribute once",
            DAMAGED);
      }
      String where = "%s: node %s: attribute '%s'".formatted(source, node, name);
      AttributeProto attribute = Embedded.sparse(stored, external, where);
      Attribute value =
          Attributes.read(
              attribute,
              tensor -> TensorCodec.read(tensor, where, external, slices),
              inner -> read(inner, node.graph));
      AttributeProto template = template(attribute, value);
      if (hasContent(template)) {
        throw ModelException.of(
            where,
            "graphs or tensors besides its value",
            "one value, of the kind that its type says",
            DAMAGED);
      }
      node.graph.hold(node, name, new Node.Held(value, template));
    }
  }

  /** Without the graphs and tensors, which are kept as such. */
  private static AttributeProto template(AttributeProto attribute, Attribute value) {
    return switch (value) {
      case Attribute.TensorAttr t -> attribute.toBuilder().clearT().build();
      case Attribute.TensorsAttr ts -> attribute.toBuilder().clearTensors().build();
      case Attribute.GraphAttr g -> attribute.toBuilder().clearG().build();
      case Attribute.GraphsAttr gs -> attribute.toBuilder().clearGraphs().build();
      case Attribute other -> attribute;
    };
  }

  /** Whether there are graphs or tensors in it, whose raw data would get lost. */
  private static boolean hasContent(AttributeProto template) {
    return template.hasT()
        || template.hasG()
        || template.getTensorsCount() > 0
        || template.getGraphsCount() > 0;
  }
}
