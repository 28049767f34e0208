package dev.hasten.graph;

import dev.hasten.graph.wire.OnnxWire.AttributeProto;
import dev.hasten.graph.wire.OnnxWire.FunctionProto;
import dev.hasten.graph.wire.OnnxWire.GraphProto;
import dev.hasten.graph.wire.OnnxWire.OperatorSetIdProto;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The body of a model's function as one call sees it: a graph of its own, whose references to the
 * function's attributes are replaced by what the call gives, or by the function's defaults.
 *
 * @param opsets the versions that the body is written in, by domain
 */
record FunctionBody(Graph graph, Map<String, Long> opsets) {

  /** The functions of a model by what a node that calls them says. */
  static Map<String, FunctionProto> index(Model model) {
    Map<String, FunctionProto> out = new HashMap<>();
    for (FunctionProto f : model.template().getFunctionsList()) {
      out.put(key(Node.normalize(f.getDomain()), f.getName(), f.getOverload()), f);
    }
    return out;
  }

  static String key(Node node) {
    return key(node.domain(), node.opType(), node.template.getOverload());
  }

  private static String key(String domain, String name, String overload) {
    return domain + ":" + name + ":" + overload;
  }

  /**
   * The body for one call.
   *
   * @throws ModelException if the body is not a valid graph
   */
  static FunctionBody of(FunctionProto function, Node call, String source) {
    GraphProto.Builder proto = GraphProto.newBuilder().setName(function.getName());
    function.getInputList().forEach(name -> proto.addInputBuilder().setName(name));
    function.getOutputList().forEach(name -> proto.addOutputBuilder().setName(name));
    proto.addAllNode(function.getNodeList());
    proto.addAllValueInfo(function.getValueInfoList());
    String where = "%s: function %s".formatted(source, function.getName());
    RawSlices slices = new RawSlices(ByteBuffer.allocate(0), where);
    Graph graph =
        new GraphReader(where, new ModelContext(8), null, slices).read(proto.build(), null);
    Map<String, Attribute> given = defaults(function, where, slices);
    given.putAll(call.attributes());
    for (Node node : graph.allNodes()) {
      resolve(node, given);
    }
    Map<String, Long> opsets = new LinkedHashMap<>();
    for (OperatorSetIdProto opset : function.getOpsetImportList()) {
      opsets.put(Node.normalize(opset.getDomain()), opset.getVersion());
    }
    return new FunctionBody(graph, opsets);
  }

  private static Map<String, Attribute> defaults(
      FunctionProto function, String where, RawSlices slices) {
    Map<String, Attribute> out = new LinkedHashMap<>();
    for (AttributeProto attribute : function.getAttributeProtoList()) {
      Attribute read =
          Attributes.read(
              attribute,
              tensor -> TensorCodec.read(tensor, where, null, slices),
              inner -> new GraphReader(where, new ModelContext(8), null, slices).read(inner, null));
      out.put(attribute.getName(), read);
    }
    return out;
  }

  /** An attribute that neither the call nor a default gives is absent. */
  private static void resolve(Node node, Map<String, Attribute> given) {
    for (Map.Entry<String, Attribute> entry : node.attributes().entrySet()) {
      if (entry.getValue() instanceof Attribute.Reference(String name, int _)) {
        Attribute value = given.get(name);
        boolean fits = value != null && Graph.subgraphs(value).isEmpty();
        if (fits && value != null) {
          node.attributes.put(entry.getKey(), new Node.Held(value, null));
        } else {
          node.attributes.remove(entry.getKey());
        }
      }
    }
  }
}
