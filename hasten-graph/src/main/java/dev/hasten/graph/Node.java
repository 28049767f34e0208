package dev.hasten.graph;

import dev.hasten.graph.wire.OnnxWire.AttributeProto;
import dev.hasten.graph.wire.OnnxWire.NodeProto;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** An operator applied to values. Nodes are made and edited through their {@link Graph}. */
public final class Node {
  /** The domain of Microsoft's contributed operators. */
  public static final String MICROSOFT = "com.microsoft";

  /**
   * An attribute, and how the file had it.
   *
   * @param template null once edited
   */
  record Held(Attribute value, @Nullable AttributeProto template) {}

  final Graph graph;
  final NodeProto template;
  String name;
  final List<@Nullable Value> inputs = new ArrayList<>();
  final List<Value> outputs = new ArrayList<>();
  final Map<String, Held> attributes = new LinkedHashMap<>();
  boolean removed;

  /** Grows along the graph's order; only meaningful while that is known to hold. */
  int position;

  Node(Graph graph, NodeProto template) {
    this.graph = graph;
    this.template = template;
    this.name = template.getName();
  }

  /** May be empty: files need not name nodes. */
  public String name() {
    return name;
  }

  /** The operator's domain; empty for the standard one, {@code ai.onnx}. */
  public String domain() {
    return normalize(template.getDomain());
  }

  static String normalize(String domain) {
    return domain.equals("ai.onnx") ? "" : domain;
  }

  public String opType() {
    return template.getOpType();
  }

  /** Whether this is the operator of that name in {@code ai.onnx} or {@code com.microsoft}. */
  public boolean is(String opType) {
    return opType().equals(opType) && (domain().isEmpty() || domain().equals(MICROSOFT));
  }

  public boolean is(String domain, String opType) {
    return opType().equals(opType) && domain().equals(normalize(domain));
  }

  /** The inputs in order; null stands for an omitted optional one. A snapshot. */
  public List<@Nullable Value> inputs() {
    return Collections.unmodifiableList(new ArrayList<>(inputs));
  }

  /**
   * An input that must be there.
   *
   * @throws ModelException if it is absent or omitted
   */
  public Value input(int index) {
    Value value = inputOrNull(index);
    if (value == null) {
      throw new ModelException(
          this + ": input " + index + " is missing (expected: a value). The model is not valid");
    }
    return value;
  }

  /** An input, or null if it is absent or omitted. */
  public @Nullable Value inputOrNull(int index) {
    return index < inputs.size() ? inputs.get(index) : null;
  }

  /** The outputs in order; see {@link Value#isOmitted()}. */
  public List<Value> outputs() {
    return Collections.unmodifiableList(outputs);
  }

  /** The first output. */
  public Value output() {
    if (outputs.isEmpty()) {
      throw new ModelException(this + ": it has no output (expected: at least one)");
    }
    return outputs.getFirst();
  }

  public Value output(int index) {
    return outputs.get(index);
  }

  /** The attributes in the file's order. A snapshot. */
  public Map<String, Attribute> attributes() {
    Map<String, Attribute> out = new LinkedHashMap<>();
    attributes.forEach((key, held) -> out.put(key, held.value));
    return Collections.unmodifiableMap(out);
  }

  public @Nullable Attribute attribute(String name) {
    Held held = attributes.get(name);
    return held == null ? null : held.value;
  }

  public long intAttribute(String name, long otherwise) {
    return switch (attribute(name)) {
      case null -> otherwise;
      case Attribute.Int(long v) -> v;
      case Attribute other -> throw wrongKind(name, other, "an integer");
    };
  }

  public float floatAttribute(String name, float otherwise) {
    return switch (attribute(name)) {
      case null -> otherwise;
      case Attribute.Real(float v) -> v;
      case Attribute other -> throw wrongKind(name, other, "a float");
    };
  }

  public String stringAttribute(String name, String otherwise) {
    return switch (attribute(name)) {
      case null -> otherwise;
      case Attribute.Text(String v) -> v;
      case Attribute other -> throw wrongKind(name, other, "a string");
    };
  }

  /** The list, or {@code otherwise} if there is no such attribute. */
  public List<Long> intsAttribute(String name, List<Long> otherwise) {
    return switch (attribute(name)) {
      case null -> otherwise;
      case Attribute.Ints(List<Long> v) -> v;
      case Attribute other -> throw wrongKind(name, other, "a list of integers");
    };
  }

  /** The list, or null if there is no such attribute. */
  public @Nullable List<Long> intsAttribute(String name) {
    return attributes.containsKey(name) ? intsAttribute(name, List.of()) : null;
  }

  /** The list, or {@code otherwise} if there is no such attribute. */
  public List<Float> floatsAttribute(String name, List<Float> otherwise) {
    return switch (attribute(name)) {
      case null -> otherwise;
      case Attribute.Reals(List<Float> v) -> v;
      case Attribute other -> throw wrongKind(name, other, "a list of floats");
    };
  }

  public @Nullable Tensor tensorAttribute(String name) {
    return switch (attribute(name)) {
      case null -> null;
      case Attribute.TensorAttr(Tensor v) -> v;
      case Attribute other -> throw wrongKind(name, other, "a tensor");
    };
  }

  private ModelException wrongKind(String name, Attribute found, String expected) {
    return new ModelException(
        "%s: attribute '%s' is %s (expected: %s)"
            .formatted(this, name, found.getClass().getSimpleName(), expected));
  }

  /** The subgraphs in the attributes, in order. */
  public List<Graph> subgraphs() {
    List<Graph> out = new ArrayList<>();
    forEachSubgraph(out::add);
    return out;
  }

  void forEachSubgraph(Consumer<Graph> action) {
    for (Held held : attributes.values()) {
      Graph.subgraphs(held.value).forEach(action);
    }
  }

  /**
   * All values that must be there before this node runs: its inputs and what its subgraphs capture.
   */
  void forEachDependency(Consumer<Value> action) {
    for (Value input : inputs) {
      if (input != null) {
        action.accept(input);
      }
    }
    forEachSubgraph(inner -> inner.captures().forEach(action));
  }

  /**
   * The node of {@code scope} that is this one or holds it in a subgraph; null if there is none.
   */
  @Nullable Node ancestorIn(Graph scope) {
    Node node = this;
    while (node != null && node.graph != scope) {
      node = node.graph.owner();
    }
    return node;
  }

  @Nullable Tensor constantValue() {
    if (!is("Constant") || outputs.size() != 1) {
      return null;
    }
    return ConstantNodes.value(this);
  }

  public Graph graph() {
    return graph;
  }

  /** Whether an edit has removed this node since it was handed out. */
  public boolean isRemoved() {
    return removed;
  }

  /** Operator and name, or its first output where it has no name: {@code MatMul 'encoder.q'}. */
  @Override
  public String toString() {
    String called =
        !name.isEmpty()
            ? "'" + name + "'"
            : outputs.isEmpty() ? "" : "→ " + outputs.getFirst().name;
    String op = domain().isEmpty() ? opType() : domain() + "." + opType();
    return (op + " " + called).strip();
  }
}
