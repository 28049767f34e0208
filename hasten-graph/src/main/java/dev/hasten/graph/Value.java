package dev.hasten.graph;

import dev.hasten.graph.wire.OnnxWire.SparseTensorProto;
import dev.hasten.graph.wire.OnnxWire.TypeProto;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What flows along an edge of a graph: an input, an initializer or a node's output. A value knows
 * its producer and all its users, those in nested subgraphs included. It is edited through its
 * {@link Graph}.
 */
public final class Value {
  final Graph graph;
  final Set<Use> uses = new LinkedHashSet<>();
  String name;
  @Nullable Node producer;
  @Nullable Tensor tensor;
  @Nullable SparseTensorProto sparse;
  @Nullable TypeProto declared;

  /** Whether {@link #declared} has been set since the model was read. */
  boolean retyped;

  boolean input;

  /** An initializer that its file did not list as an input too: older files should, not all do. */
  boolean unlisted;

  /** How often this value is an output of its own graph, or of a nested one that returns it. */
  int outputs;

  Value(Graph graph, String name) {
    this.graph = graph;
    this.name = name;
  }

  /** Unique in its graph; empty for an omitted optional output, until that is used. */
  public String name() {
    return name;
  }

  /** The graph in whose scope this value is defined. */
  public Graph graph() {
    return graph;
  }

  /** The element type, where it is a tensor and known without inference. */
  public @Nullable DataType type() {
    Tensor known = known();
    return known != null ? known.type() : Types.elementType(declared);
  }

  /** The shape, where it is a tensor and its rank is known without inference. */
  public @Nullable Shape shape() {
    Tensor known = known();
    return known != null ? Types.shape(known) : Types.shape(declared, name);
  }

  /** Whether the declared type is a tensor's, or nothing is declared: not a sequence, map, … */
  public boolean isTensor() {
    return declared == null
        || !declared.hasSequenceType()
            && !declared.hasMapType()
            && !declared.hasOptionalType()
            && !declared.hasSparseTensorType()
            && !declared.hasOpaqueType();
  }

  private @Nullable Tensor known() {
    return tensor != null ? tensor : producer == null ? null : producer.constantValue();
  }

  /** The node that makes this value; null for inputs and initializers. */
  public @Nullable Node producer() {
    return producer;
  }

  /** Every consumption, nested subgraphs included, oldest first. A snapshot. */
  public List<Use> users() {
    return List.copyOf(uses);
  }

  /** Whether anything reads this value: a node or a graph's output. */
  public boolean isUsed() {
    return !uses.isEmpty() || outputs > 0;
  }

  /**
   * The content, if no run can change it: of an initializer, or of a {@code Constant} node's
   * output. An initializer that is a graph input as well is only a default that callers may
   * override (from IR version 4 on), hence not constant.
   */
  public @Nullable Tensor constant() {
    return input && graph.context.irVersion >= 4 ? null : known();
  }

  /** The tensor of an initializer, be it constant or only the default of an input. */
  public @Nullable Tensor initializer() {
    return tensor;
  }

  public boolean isInput() {
    return input;
  }

  /** Whether it is an output of its graph (or of a nested graph that returns it directly). */
  public boolean isOutput() {
    return outputs > 0;
  }

  /** Dense or sparse. */
  public boolean isInitializer() {
    return tensor != null || sparse != null;
  }

  /** An optional output that its node does not make. */
  public boolean isOmitted() {
    return name.isEmpty();
  }

  /** Name, and type and shape where known: {@code x: float[batch,8]}. */
  @Override
  public String toString() {
    DataType type = type();
    Shape shape = shape();
    String shown = name.isEmpty() ? "(omitted)" : name;
    return type == null ? shown : shown + ": " + type + (shape == null ? "" : shape.toString());
  }
}
