package dev.hasten.graph;

import dev.hasten.graph.wire.OnnxWire.FunctionProto;
import dev.hasten.graph.wire.OnnxWire.NodeProto;
import java.util.List;

/** A function that the model brings along. It is carried through every edit untouched. */
public final class Function {
  private final FunctionProto proto;

  Function(FunctionProto proto) {
    this.proto = proto;
  }

  public String domain() {
    return Node.normalize(proto.getDomain());
  }

  public String name() {
    return proto.getName();
  }

  public List<String> inputs() {
    return List.copyOf(proto.getInputList());
  }

  public List<String> outputs() {
    return List.copyOf(proto.getOutputList());
  }

  /** The operators of its body, in order. */
  public List<String> opTypes() {
    return proto.getNodeList().stream().map(NodeProto::getOpType).toList();
  }

  @Override
  public String toString() {
    return (domain().isEmpty() ? "" : domain() + ".") + name() + inputs() + " → " + outputs();
  }
}
