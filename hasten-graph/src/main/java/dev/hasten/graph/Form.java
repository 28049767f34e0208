package dev.hasten.graph;

import dev.hasten.graph.wire.OnnxWire.TypeProto;

/** What a value is made of. Type and shape that inference knows are those of the tensors in it. */
enum Form {
  TENSOR,
  SEQUENCE,
  OPTIONAL,
  OPTIONAL_SEQUENCE,
  /** Maps, sparse tensors and opaque types, alone or in sequences. */
  OTHER;

  /** The form of a sequence of these. */
  Form inSequence() {
    return this == TENSOR ? SEQUENCE : OTHER;
  }

  /** The form of an optional one of these. */
  Form optional() {
    return switch (this) {
      case TENSOR -> OPTIONAL;
      case SEQUENCE -> OPTIONAL_SEQUENCE;
      case OPTIONAL, OPTIONAL_SEQUENCE, OTHER -> this;
    };
  }

  /** What an element of a sequence, or the content of an optional, is. */
  Form unwrapped() {
    return switch (this) {
      case TENSOR, SEQUENCE, OPTIONAL -> TENSOR;
      case OPTIONAL_SEQUENCE -> SEQUENCE;
      case OTHER -> OTHER;
    };
  }

  static Form of(TypeProto type) {
    if (type.hasSequenceType()) {
      return of(type.getSequenceType().getElemType()).inSequence();
    }
    if (type.hasOptionalType()) {
      return of(type.getOptionalType().getElemType()).optional();
    }
    boolean other = type.hasMapType() || type.hasSparseTensorType() || type.hasOpaqueType();
    return other ? OTHER : TENSOR;
  }
}
