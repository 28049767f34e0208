package dev.hasten.graph;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Checks all that must hold in a model, whoever made it. */
final class Validator {
  private static final String REMEDY = "This is not a valid ONNX model";

  private final Model model;
  private final Map<String, Long> opsets;
  private final FunctionCalls functions;

  private Validator(Model model) {
    this.model = model;
    this.opsets = model.opsets();
    this.functions = new FunctionCalls(model.template());
  }

  static void check(Model model) {
    Validator validator = new Validator(model);
    if (validator.opsets.isEmpty()) {
      throw validator.failure("the model", "no opset", "at least one opset import");
    }
    validator.opsets.forEach((domain, version) -> {
      if (version < 1) {
        throw validator.failure("domain '" + domain + "'", "opset " + version, "1 or more");
      }
    });
    if (model.graph().outputs().isEmpty()) {
      throw validator.failure("graph '" + model.graph().name() + "'", "no output", "at least one");
    }
    String problem = validator.functions.problem();
    if (problem != null) {
      throw validator.failure("functions", problem, "each defined once, none calling itself");
    }
    validator.check(model.graph());
  }

  private ModelException failure(String where, String found, String expected) {
    return ModelException.of(model.source() + ": " + where, found, expected, REMEDY);
  }

  private void check(Graph graph) {
    String where = "graph '" + graph.name() + "'";
    Set<String> names = new HashSet<>();
    for (Value value : graph.values()) {
      if (!names.add(value.name()) || graph.findLocal(value.name()) != value) {
        throw failure(where, "the name '" + value.name() + "' twice", "a name of its own");
      }
      check(value);
    }
    Set<Value> ready = new HashSet<>(graph.initializers());
    ready.addAll(graph.inputs());
    for (Node node : graph.nodes()) {
      check(node, ready);
      ready.addAll(node.outputs());
    }
    Set<Value> outputs = new HashSet<>();
    for (Value output : graph.outputs()) {
      if (output.graph() == graph ? !ready.contains(output) : !isVisible(output, graph)) {
        throw failure(where, "output '" + output.name() + "' is made by nothing", "a value of it");
      }
      if (!outputs.add(output) && graph.outer() == null) {
        throw failure(where, "output '" + output.name() + "' twice", "each output once");
      }
    }
  }

  private void check(Value value) {
    Tensor tensor = value.initializer();
    if (tensor == null) {
      return;
    }
    String where = "initializer '" + value.name() + "'";
    if (value.producer() != null) {
      throw failure(where, "node " + value.producer() + " makes it too", "one of both");
    }
    if (tensor.type() != DataType.STRING
        && tensor.data().byteSize() != tensor.type().bytes(tensor.size())) {
      throw failure(
          where,
          tensor.data().byteSize() + " bytes",
          tensor.type().bytes(tensor.size()) + " for " + tensor.type() + tensor.dims());
    }
    DataType declared = Types.elementType(value.declared);
    if (declared != null && declared != tensor.type()) {
      throw failure(where, "declared as " + declared, tensor.type() + ", the type of its data");
    }
    Shape shape = Types.shape(value.declared, value.name());
    if (shape != null && !agrees(shape, tensor)) {
      throw failure(where, "declared as " + shape, tensor.dims() + ", the shape of its data");
    }
  }

  private static boolean agrees(Shape declared, Tensor tensor) {
    if (declared.rank() != tensor.rank()) {
      return false;
    }
    for (int i = 0; i < declared.rank(); i++) {
      if (declared.dim(i) instanceof Dim.Fixed(long size) && size != tensor.dim(i)) {
        return false;
      }
    }
    return true;
  }

  private void check(Node node, Set<Value> ready) {
    String where = "node " + node;
    if (node.opType().isEmpty()) {
      throw failure(where, "no operator", "an operator's name");
    }
    if (!opsets.containsKey(node.domain()) && !functions.has(node.domain(), node.opType())) {
      throw failure(
          where,
          "domain '" + (node.domain().isEmpty() ? "ai.onnx" : node.domain()) + "' has no opset",
          "one of the imported domains " + opsets.keySet());
    }
    List<Value> outputs = node.outputs();
    if (outputs.isEmpty()) {
      throw failure(where, "no output", "at least one");
    }
    for (Value output : outputs) {
      if (output.producer() != node || output.graph() != node.graph()) {
        throw failure(where, "output '" + output.name() + "' has another producer", "this node");
      }
    }
    for (int i = 0; i < node.inputs.size(); i++) {
      Value input = node.inputs.get(i);
      if (input == null) {
        continue;
      }
      String at = where + ": input " + i + " '" + input.name() + "'";
      if (input.graph() == node.graph()) {
        if (!ready.contains(input)) {
          throw failure(at, "made by nothing that runs before", "an earlier node's output");
        }
      } else if (!isVisible(input, node.graph())) {
        throw failure(at, "of a graph that this node cannot see", "a value of an outer graph");
      }
      if (!input.uses.contains(new Use(node, i))) {
        throw failure(at, "the value does not know this use", "a use for each input");
      }
    }
    for (Graph inner : node.subgraphs()) {
      if (inner.outer() != node.graph() || inner.owner() != node) {
        throw failure(where, "subgraph '" + inner.name() + "' of elsewhere", "one of its own");
      }
      check(inner);
    }
  }

  private static boolean isVisible(Value value, Graph from) {
    for (Graph g = from.outer(); g != null; g = g.outer()) {
      if (g == value.graph()) {
        return g.findLocal(value.name()) == value;
      }
    }
    return false;
  }
}
