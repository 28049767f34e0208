package dev.hasten.graph;

import dev.hasten.graph.wire.OnnxWire.ValueInfoProto;

/**
 * A place where a graph declares a value: one of its inputs, outputs or value infos, with all that
 * the file said there.
 */
final class Declaration {
  Value value;
  final ValueInfoProto template;

  Declaration(Value value, ValueInfoProto template) {
    this.value = value;
    this.template = template;
  }

  /** A declaration that no file had. */
  static Declaration fresh(Value value) {
    return new Declaration(value, ValueInfoProto.getDefaultInstance());
  }

  /** Whether the graph has no such value; kept because the file had it. */
  boolean isOrphan() {
    return value.name().isEmpty();
  }

  /** As it goes into the file: the template, with what has been edited since. */
  ValueInfoProto render() {
    if (isOrphan()) {
      return template;
    }
    ValueInfoProto.Builder out = template.toBuilder();
    if (!template.getName().equals(value.name())) {
      out.setName(value.name());
    }
    boolean isFresh = template == ValueInfoProto.getDefaultInstance();
    DataType type = value.type();
    if (value.declared != null && (value.retyped || isFresh)) {
      out.setType(value.declared);
    } else if (isFresh && type != null) {
      out.setType(Types.proto(type, value.shape()));
    }
    return out.build();
  }
}
