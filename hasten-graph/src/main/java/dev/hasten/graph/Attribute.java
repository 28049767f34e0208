package dev.hasten.graph;

import dev.hasten.graph.wire.OnnxWire.AttributeProto;
import java.util.Arrays;
import java.util.List;

/** The value of a node's attribute. */
public sealed interface Attribute {

  /** An integer. */
  record Int(long v) implements Attribute {}

  /** A single-precision number. */
  record Real(float v) implements Attribute {}

  /** UTF-8 text. Bytes that are not UTF-8 come as {@link Opaque}. */
  record Text(String v) implements Attribute {}

  /** A tensor. */
  record TensorAttr(Tensor v) implements Attribute {}

  /** A subgraph, as in {@code If}, {@code Loop}, {@code Scan}. */
  record GraphAttr(Graph v) implements Attribute {}

  /** A list of integers. */
  record Ints(List<Long> v) implements Attribute {
    public Ints {
      v = List.copyOf(v);
    }
  }

  /** A list of single-precision numbers. */
  record Reals(List<Float> v) implements Attribute {
    public Reals {
      v = List.copyOf(v);
    }
  }

  /** A list of UTF-8 texts. */
  record Texts(List<String> v) implements Attribute {
    public Texts {
      v = List.copyOf(v);
    }
  }

  /** A list of tensors. */
  record TensorsAttr(List<Tensor> v) implements Attribute {
    public TensorsAttr {
      v = List.copyOf(v);
    }
  }

  /** A list of subgraphs. */
  record GraphsAttr(List<Graph> v) implements Attribute {
    public GraphsAttr {
      v = List.copyOf(v);
    }
  }

  /**
   * A reference to an attribute of the enclosing function.
   *
   * @param type the code of the referenced attribute's type in the file
   */
  record Reference(String name, int type) implements Attribute {}

  /** Kept as it stands in the file: sparse tensors, types, binary text, kinds from the future. */
  final class Opaque implements Attribute {
    final AttributeProto proto;

    Opaque(AttributeProto proto) {
      this.proto = proto;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Opaque that && proto.equals(that.proto);
    }

    @Override
    public int hashCode() {
      return proto.hashCode();
    }

    @Override
    public String toString() {
      return "Opaque[type=" + proto.getType() + "]";
    }
  }

  static Attribute of(long v) {
    return new Int(v);
  }

  static Attribute of(float v) {
    return new Real(v);
  }

  static Attribute of(String v) {
    return new Text(v);
  }

  static Attribute of(Tensor v) {
    return new TensorAttr(v);
  }

  static Attribute of(Graph v) {
    return new GraphAttr(v);
  }

  static Attribute ints(long... v) {
    return new Ints(Arrays.stream(v).boxed().toList());
  }

  static Attribute ints(List<Long> v) {
    return new Ints(v);
  }

  static Attribute floats(float... v) {
    Float[] boxed = new Float[v.length];
    for (int i = 0; i < v.length; i++) {
      boxed[i] = v[i];
    }
    return new Reals(List.of(boxed));
  }

  static Attribute texts(String... v) {
    return new Texts(List.of(v));
  }
}
