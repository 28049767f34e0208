package dev.hasten.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes down a small model by hand.
 *
 * <pre>{@code
 * Model model =
 *     GraphBuilder.opset(17)
 *         .input("x", DataType.FLOAT, "batch", 8)
 *         .weight("w", Tensor.floats(weights, 8, 4))
 *         .node("y", "MatMul", "x", "w")
 *         .node("z", "Softmax", "y").attribute("axis", -1)
 *         .output("z", DataType.FLOAT, "batch", 4)
 *         .build();
 * }</pre>
 *
 * <p>Names are taken as they are; an input "" is an omitted one. Nodes read values defined before.
 */
public final class GraphBuilder {
  private final Model model;
  private final Graph graph;
  private @Nullable Pending pending;

  /** A node whose attributes may still come. */
  private record Pending(
      String domain,
      String opType,
      List<String> inputs,
      List<String> outputs,
      Map<String, Attribute> attributes) {}

  private GraphBuilder(Model model, Graph graph) {
    this.model = model;
    this.graph = graph;
  }

  /** Begins a model of this version of the standard operators. */
  public static GraphBuilder opset(long version) {
    Model model = Model.create(version);
    return new GraphBuilder(model, model.graph());
  }

  /** Imports a further domain. */
  public GraphBuilder domain(String domain, long version) {
    model.setOpset(domain, version);
    return this;
  }

  /**
   * Declares an input of the graph.
   *
   * @param dims as in {@link Shape#of(Object...)}
   */
  public GraphBuilder input(String name, DataType type, Object... dims) {
    flush();
    requireNew(name);
    graph.addInput(name, type, Shape.of(dims));
    return this;
  }

  /** Adds an initializer. */
  public GraphBuilder weight(String name, Tensor tensor) {
    flush();
    requireNew(name);
    graph.addInitializer(name, tensor);
    return this;
  }

  /** Adds an initializer of floats. */
  public GraphBuilder floats(String name, float[] data, long... dims) {
    return weight(name, Tensor.floats(data, dims));
  }

  /** Adds a one-dimensional initializer of int64: axes, a shape, indices. */
  public GraphBuilder longs(String name, long... data) {
    return weight(name, Tensor.longs(data, data.length));
  }

  /** Adds a standard operator with one output. */
  public GraphBuilder node(String output, String opType, String... inputs) {
    return node("", opType, List.of(inputs), List.of(output));
  }

  /** Adds any operator; an output "" is an omitted one. */
  public GraphBuilder node(
      String domain, String opType, List<String> inputs, List<String> outputs) {
    flush();
    outputs.stream().filter(output -> !output.isEmpty()).forEach(this::requireNew);
    pending = new Pending(domain, opType, inputs, outputs, new LinkedHashMap<>());
    return this;
  }

  /** Gives the last node an attribute. */
  public GraphBuilder attribute(String name, Attribute value) {
    if (pending == null) {
      throw new IllegalStateException("attribute '" + name + "' (expected: after a node)");
    }
    pending.attributes.put(name, value);
    return this;
  }

  /** Gives the last node an integer attribute. */
  public GraphBuilder attribute(String name, long value) {
    return attribute(name, Attribute.of(value));
  }

  /** Gives the last node a float attribute. */
  public GraphBuilder attribute(String name, float value) {
    return attribute(name, Attribute.of(value));
  }

  /** Gives the last node a string attribute. */
  public GraphBuilder attribute(String name, String value) {
    return attribute(name, Attribute.of(value));
  }

  /** Gives the last node an attribute of integers. */
  public GraphBuilder ints(String name, long... values) {
    return attribute(name, Attribute.ints(values));
  }

  /** Gives the last node a subgraph, which sees all values defined so far. */
  public GraphBuilder subgraph(String name, Consumer<GraphBuilder> body) {
    GraphBuilder inner = new GraphBuilder(model, graph.subgraph(name));
    body.accept(inner);
    inner.flush();
    return attribute(name, Attribute.of(inner.graph));
  }

  /** Declares an output with its type. */
  public GraphBuilder output(String name, DataType type, Object... dims) {
    flush();
    Value value = graph.value(name);
    if (!value.isInput() && !value.isInitializer()) {
      graph.setType(value, type, Shape.of(dims));
    }
    graph.addOutput(value);
    return this;
  }

  /** Declares outputs without a type. */
  public GraphBuilder outputs(String... names) {
    flush();
    Arrays.stream(names).forEach(name -> graph.addOutput(graph.value(name)));
    return this;
  }

  /**
   * The finished model.
   *
   * @throws ModelException if it is not valid
   */
  public Model build() {
    flush();
    model.validate();
    return model;
  }

  private void flush() {
    Pending node = pending;
    if (node == null) {
      return;
    }
    pending = null;
    List<@Nullable Value> inputs = new ArrayList<>();
    for (String input : node.inputs) {
      inputs.add(input.isEmpty() ? null : graph.value(input));
    }
    graph.add(node.domain, node.opType, inputs, node.attributes, node.outputs);
  }

  private void requireNew(String name) {
    if (graph.findLocal(name) != null || graph.context.values.count(name) > 0) {
      throw new IllegalArgumentException("name '" + name + "' (expected: one not used yet)");
    }
  }
}
