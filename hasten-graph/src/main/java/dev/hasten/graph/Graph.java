package dev.hasten.graph;

import dev.hasten.graph.wire.OnnxWire.GraphProto;
import dev.hasten.graph.wire.OnnxWire.NodeProto;
import dev.hasten.graph.wire.OnnxWire.ValueInfoProto;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Nodes, values and the edges between them. Every edit keeps the graph valid: users and producers
 * agree, {@link #nodes()} is in topological order, names are unique in the whole model, nothing
 * refers to what is gone. Misuse (a value of another graph, a cycle) fails with {@link
 * IllegalArgumentException} and changes nothing.
 *
 * <p>Not thread-safe; different models may be edited in different threads.
 */
public final class Graph {
  final ModelContext context;
  final GraphProto template;
  final List<Declaration> inputs = new ArrayList<>();
  final List<Declaration> outputs = new ArrayList<>();
  final List<Declaration> infos = new ArrayList<>();
  private final @Nullable Graph outer;
  private final Map<String, Value> values = new LinkedHashMap<>();
  private final Set<Value> initializers = new LinkedHashSet<>();
  private Set<Node> nodes = new LinkedHashSet<>();
  private @Nullable List<Node> snapshot;

  /** Whether {@link #nodes} stand in order and {@link Node#position} grows along them. */
  private boolean ordered = true;

  private int nextPosition;
  private @Nullable Node owner;
  private String name;

  Graph(ModelContext context, @Nullable Graph outer, GraphProto template) {
    this.context = context;
    this.outer = outer;
    this.template = template;
    this.name = template.getName();
  }

  public String name() {
    return name;
  }

  public void setName(String name) {
    this.name = name;
  }

  /** The graph whose values this one can see, if it is a subgraph. */
  public @Nullable Graph outer() {
    return outer;
  }

  /** The node that holds this subgraph; null for a model's main graph. */
  public @Nullable Node owner() {
    return owner;
  }

  /** The nodes, each after those that it depends on. A snapshot: edits do not disturb a loop. */
  public List<Node> nodes() {
    order();
    List<Node> ready = snapshot;
    if (ready == null) {
      ready = List.copyOf(nodes);
      snapshot = ready;
    }
    return ready;
  }

  /** Brings {@link #nodes} and their positions in order. */
  void order() {
    if (!ordered) {
      nodes = new LinkedHashSet<>(NodeOrder.sort(this, nodes));
      nextPosition = 0;
      for (Node node : nodes) {
        node.position = nextPosition++;
      }
      ordered = true;
      snapshot = null;
    }
  }

  /** The nodes in no particular order, without sorting. */
  Collection<Node> nodeSet() {
    return nodes;
  }

  /** The nodes of this graph and of all graphs nested in it, outer ones first. */
  public List<Node> allNodes() {
    List<Node> out = new ArrayList<>();
    for (Node node : nodes()) {
      out.add(node);
      node.forEachSubgraph(inner -> out.addAll(inner.allNodes()));
    }
    return out;
  }

  /** The inputs as declared; where the file lists initializers as inputs too, those included. */
  public List<Value> inputs() {
    return inputs.stream().map(d -> d.value).toList();
  }

  public List<Value> outputs() {
    return outputs.stream().map(d -> d.value).toList();
  }

  /** The initializers, sparse ones included, in the file's order. A snapshot. */
  public Collection<Value> initializers() {
    return List.copyOf(initializers);
  }

  /** All values defined in this graph: inputs, initializers and outputs of nodes. A snapshot. */
  public Collection<Value> values() {
    return List.copyOf(values.values());
  }

  /**
   * The value of this name, of this graph or visible from outside.
   *
   * @throws ModelException if there is none
   */
  public Value value(String name) {
    Value value = find(name);
    if (value == null) {
      throw new ModelException(
          "graph '%s': no value '%s' (expected: an input, an initializer or a node's output)"
              .formatted(this.name, name));
    }
    return value;
  }

  /** As {@link #value(String)}, or null. */
  public @Nullable Value find(String name) {
    Value value = values.get(name);
    return value != null ? value : outer == null ? null : outer.find(name);
  }

  /** The value of this name that this graph itself defines, or null. */
  @Nullable Value findLocal(String name) {
    return values.get(name);
  }

  /** {@code base} if no value in the model has that name, else with a number appended. */
  public String uniqueName(String base) {
    return context.values.unique(base);
  }

  /** As {@link #uniqueName}, among the names of nodes. */
  public String uniqueNodeName(String base) {
    return context.nodes.unique(base);
  }

  // ---- nodes ----

  /**
   * Adds a node; its place in the order follows from its inputs.
   *
   * @param domain empty for the standard operators
   * @param inputs null for an omitted optional one; each must be visible here
   * @param outputs names, made unique; empty for an omitted optional output
   */
  public Node add(
      String domain,
      String opType,
      List<? extends @Nullable Value> inputs,
      Map<String, Attribute> attributes,
      List<String> outputs) {
    for (Value input : inputs) {
      Scope.requireVisible(input, this);
      Scope.requireCapturable(input, this);
    }
    attributes.forEach((key, value) -> requireAttachable(value));
    String base = outputs.isEmpty() || outputs.getFirst().isEmpty() ? opType : outputs.getFirst();
    Node node =
        new Node(
            this,
            NodeProto.newBuilder()
                .setName(uniqueNodeName(base))
                .setOpType(opType)
                .setDomain(domain)
                .build());
    attach(node);
    attributes.forEach((key, value) -> hold(node, key, new Node.Held(value, null)));
    for (Value input : inputs) {
      node.inputs.add(null);
      link(node, node.inputs.size() - 1, input);
    }
    for (String output : outputs) {
      define(node, output.isEmpty() ? "" : uniqueName(output));
    }
    return node;
  }

  /**
   * As {@link #add(String, String, List, Map, List)}, with {@code outputs} outputs named for it.
   */
  public Node add(
      String domain,
      String opType,
      List<? extends @Nullable Value> inputs,
      Map<String, Attribute> attributes,
      int outputs) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < outputs; i++) {
      names.add(opType + (i == 0 ? "" : "_" + i));
    }
    return add(domain, opType, inputs, attributes, names);
  }

  /** A standard operator with one output, which is returned. */
  public Value op(
      String output,
      String opType,
      List<? extends @Nullable Value> inputs,
      Map<String, Attribute> attributes) {
    return add("", opType, inputs, attributes, List.of(output)).output();
  }

  /**
   * Removes a node and its subgraphs.
   *
   * @throws IllegalArgumentException if one of its outputs is used
   */
  public void remove(Node node) {
    requireMine(node);
    for (Value output : node.outputs) {
      if (output.isUsed()) {
        throw new IllegalArgumentException(
            "cannot remove %s: its output %s is used by %s"
                .formatted(
                    node,
                    output.name,
                    output.uses.isEmpty() ? "a graph output" : output.users().getFirst().node()));
      }
    }
    detach(node);
    nodes.remove(node);
    snapshot = null;
  }

  private void detach(Node node) {
    for (int i = 0; i < node.inputs.size(); i++) {
      link(node, i, null);
    }
    node.forEachSubgraph(Graph::dismantle);
    for (Value output : node.outputs) {
      forget(output);
    }
    context.nodes.release(node.name);
    node.removed = true;
  }

  /** Takes apart a subgraph whose node goes. */
  private void dismantle() {
    for (Declaration output : outputs) {
      output.value.outputs--;
    }
    nodes.forEach(this::detach);
    values.values().forEach(v -> context.values.release(v.name));
    values.clear();
    owner = null;
  }

  private void requireMine(Node node) {
    if (node.graph != this || node.removed) {
      throw new IllegalArgumentException(
          node + " (expected: a node of graph '" + name + "')" + (node.removed ? ", removed" : ""));
    }
  }

  void attach(Node node) {
    nodes.add(node);
    context.nodes.take(node.name);
    node.position = nextPosition++;
    snapshot = null;
  }

  Value define(Node node, String output) {
    Value value = new Value(this, output);
    value.producer = node;
    node.outputs.add(value);
    if (!output.isEmpty()) {
      enter(value);
    }
    return value;
  }

  void enter(Value value) {
    values.put(value.name, value);
    context.values.take(value.name);
  }

  private void forget(Value value) {
    if (values.remove(value.name, value)) {
      context.values.release(value.name);
    }
  }

  /** Renames a node; the name is made unique. */
  public void rename(Node node, String newName) {
    requireMine(node);
    context.nodes.release(node.name);
    node.name = context.nodes.unique(newName);
    context.nodes.take(node.name);
  }

  // ---- inputs of nodes ----

  /**
   * Makes {@code value} the input {@code index} of a node; null omits it. Indexes past the end add
   * omitted inputs before; omitted inputs at the end are dropped.
   *
   * @throws IllegalArgumentException if the value is not visible here or would close a cycle
   */
  public void setInput(Node node, int index, @Nullable Value value) {
    requireMine(node);
    Scope.requireVisible(value, this);
    if (value != null && value.producer != null) {
      Node user = node.ancestorIn(value.graph);
      Scope.requireNoCycle(value, user == null ? Set.of() : Set.of(user));
    }
    while (node.inputs.size() <= index) {
      node.inputs.add(null);
    }
    link(node, index, value);
    while (value == null && !node.inputs.isEmpty() && node.inputs.getLast() == null) {
      node.inputs.removeLast();
    }
  }

  /** Sets an input and keeps the uses; the order becomes unknown where it may no longer hold. */
  void link(Node node, int index, @Nullable Value value) {
    Value before = node.inputs.get(index);
    if (before == value) {
      return;
    }
    Use use = new Use(node, index);
    if (before != null) {
      before.uses.remove(use);
    }
    node.inputs.set(index, value);
    if (value != null) {
      value.graph.nameOmitted(value);
      value.uses.add(use);
      value.graph.noteDependency(value, node);
      Scope.unshadow(value, this);
    }
  }

  private void noteDependency(Value value, Node user) {
    Node here = user.ancestorIn(this);
    Node producer = value.producer;
    if (here != null && producer != null && producer.position >= here.position) {
      ordered = false;
    }
  }

  private void nameOmitted(Value value) {
    Node producer = value.producer;
    if (value.name.isEmpty() && producer != null) {
      value.name = uniqueName(producer.opType());
      enter(value);
    }
  }

  /**
   * Makes every user of {@code old} use {@code by}. Outputs of the main graph keep their names and
   * declared types: {@code by} takes over the name, or, where it cannot ({@link #takesOver}), an
   * {@code Identity} is put between. An output that is at the same time an input of the main graph
   * stays what it is.
   *
   * @throws IllegalArgumentException if a user cannot see {@code by} or a cycle would arise
   */
  public void replaceUses(Value old, Value by) {
    if (old == by) {
      return;
    }
    if (old.outputs > 0) {
      Scope.requireVisible(by, old.graph);
      Scope.requireCapturable(by, old.graph);
    }
    replaceUses(old, by, use -> true);
    GraphOutputs.replace(old, by);
  }

  /** As {@link #replaceUses(Value, Value)} for the chosen uses by nodes; graph outputs stay. */
  public void replaceUses(Value old, Value by, Predicate<Use> which) {
    if (old == by) {
      return;
    }
    Scope.requireVisible(by, this);
    List<Use> chosen = old.uses.stream().filter(which).toList();
    Set<Node> users = new HashSet<>();
    for (Use use : chosen) {
      Scope.requireVisible(by, use.node().graph);
      Node user = use.node().ancestorIn(by.graph);
      if (user != null) {
        users.add(user);
      }
    }
    Scope.requireNoCycle(by, users);
    for (Use use : chosen) {
      use.node().graph.link(use.node(), use.input(), by);
    }
    if (by.declared == null) {
      by.declared = old.declared;
    }
  }

  /**
   * Whether {@link #replaceUses(Value, Value)} works without an {@code Identity}. Rules that remove
   * an {@code Identity} ask this first, or they would never come to rest.
   */
  public boolean takesOver(Value old, Value by) {
    return GraphOutputs.takesOver(old, by);
  }

  // ---- attributes ----

  /** Sets or replaces an attribute. */
  public void setAttribute(Node node, String key, Attribute value) {
    requireMine(node);
    requireAttachable(value);
    for (Graph inner : subgraphs(value)) {
      for (Value captured : inner.captures()) {
        Node user = node.ancestorIn(captured.graph);
        Scope.requireNoCycle(captured, user == null ? Set.of() : Set.of(user));
        captured.graph.ordered = false;
      }
    }
    removeAttribute(node, key);
    hold(node, key, new Node.Held(value, null));
  }

  /** The values from outside that this graph and those nested in it use. */
  public Set<Value> captures() {
    Set<Value> out = new LinkedHashSet<>();
    for (Node node : nodes) {
      node.forEachDependency(out::add);
    }
    out.addAll(outputs());
    out.removeIf(value -> value.graph == this);
    return out;
  }

  /** Removes an attribute, if it is there. */
  public void removeAttribute(Node node, String key) {
    requireMine(node);
    Node.Held held = node.attributes.remove(key);
    if (held != null) {
      subgraphs(held.value()).forEach(Graph::dismantle);
    }
  }

  void hold(Node node, String key, Node.Held held) {
    node.attributes.put(key, held);
    for (Graph inner : subgraphs(held.value())) {
      inner.owner = node;
      inner.captures().forEach(captured -> captured.graph.noteDependency(captured, node));
    }
  }

  private void requireAttachable(Attribute value) {
    for (Graph inner : subgraphs(value)) {
      if (inner.owner != null || inner.outer != this) {
        throw new IllegalArgumentException(
            "subgraph '%s' (expected: one made by subgraph() of '%s' and not used yet)"
                .formatted(inner.name, name));
      }
    }
  }

  static List<Graph> subgraphs(Attribute value) {
    if (value instanceof Attribute.GraphAttr(Graph graph)) {
      return List.of(graph);
    }
    return value instanceof Attribute.GraphsAttr(List<Graph> graphs) ? graphs : List.of();
  }

  /** An empty graph that sees the values of this one, to become an attribute of a node here. */
  public Graph subgraph(String name) {
    return new Graph(context, this, GraphProto.newBuilder().setName(name).build());
  }

  // ---- values ----

  /** Adds an input; the name is made unique. */
  public Value addInput(String baseName, DataType type, @Nullable Shape shape) {
    Value value = new Value(this, uniqueName(baseName));
    value.declared = Types.proto(type, shape);
    value.retyped = true;
    value.input = true;
    enter(value);
    inputs.add(Declaration.fresh(value));
    return value;
  }

  /** Makes a value an output of this graph, after those that are. */
  public void addOutput(Value value) {
    Scope.requireVisible(value, this);
    Scope.requireCapturable(value, this);
    value.graph.nameOmitted(value);
    if (value.graph != this && owner != null) {
      value.graph.noteDependency(value, owner);
    }
    outputs.add(Declaration.fresh(value));
    value.outputs++;
    Scope.unshadow(value, this);
  }

  /** The value is no longer an output of this graph; it stays. */
  public void removeOutput(Value value) {
    for (int i = 0; i < outputs.size(); i++) {
      if (outputs.get(i).value == value) {
        outputs.remove(i);
        value.outputs--;
        return;
      }
    }
    throw new IllegalArgumentException(
        "value " + value.name + " (expected: an output of graph '" + name + "')");
  }

  /** Adds a weight; the name is made unique. */
  public Value addInitializer(String baseName, Tensor tensor) {
    Value value = new Value(this, uniqueName(baseName));
    value.tensor = tensor;
    enter(value);
    initializers.add(value);
    return value;
  }

  void enterInitializer(Value value) {
    initializers.add(value);
  }

  /** The value infos of what is still there, then those that edits have made. */
  List<Declaration> valueInfos() {
    List<Declaration> out = new ArrayList<>();
    Set<Value> told = new HashSet<>();
    inputs.forEach(d -> told.add(d.value));
    outputs.forEach(d -> told.add(d.value));
    for (Declaration info : infos) {
      if (info.isOrphan() || values.get(info.value.name) == info.value) {
        out.add(info);
        told.add(info.value);
      }
    }
    for (Node node : nodes()) {
      for (Value value : node.outputs) {
        if (value.retyped && !value.isOmitted() && told.add(value)) {
          out.add(Declaration.fresh(value));
        }
      }
    }
    return out;
  }

  /** Keeps a value info whose value the graph does not have; its name stays out of use. */
  void addOrphan(ValueInfoProto info) {
    infos.add(new Declaration(new Value(this, ""), info));
    context.values.take(info.getName());
  }

  /** Replaces the content of an initializer. */
  public void setInitializer(Value value, Tensor tensor) {
    if (!initializers.contains(value)) {
      throw new IllegalArgumentException(
          "value " + value.name + " (expected: an initializer of graph '" + name + "')");
    }
    value.tensor = tensor;
    value.sparse = null;
    if (value.declared != null) {
      setType(value, tensor.type(), Types.shape(tensor));
    }
  }

  /** Removes an unused input or initializer. */
  public void remove(Value value) {
    if (value.graph != this || value.producer != null || value.isUsed()) {
      throw new IllegalArgumentException(
          "value %s (expected: an unused input or initializer of graph '%s')"
              .formatted(value.name, name));
    }
    initializers.remove(value);
    inputs.removeIf(d -> d.value == value);
    forget(value);
  }

  /** The inputs that are initializers too become plain initializers. */
  void dropInitializersFromInputs() {
    inputs.removeIf(d -> d.value.isInitializer());
    initializers.forEach(v -> v.input = false);
  }

  /** Renames a value; unlike elsewhere the name is taken as it is. */
  public void rename(Value value, String newName) {
    if (value.graph != this) {
      throw new IllegalArgumentException(
          "value " + value.name + " (expected: one of graph '" + name + "')");
    }
    if (value.name.equals(newName)) {
      return;
    }
    if (newName.isEmpty() || context.values.count(newName) > 0) {
      throw new IllegalArgumentException(
          "name '" + newName + "' (expected: one that no value of the model has)");
    }
    moveName(value, newName);
  }

  void moveName(Value value, String newName) {
    if (values.remove(value.name, value)) {
      context.values.release(value.name);
    }
    value.name = newName;
    enter(value);
  }

  /** Declares type and shape of a value; null leaves the shape open. */
  public void setType(Value value, DataType type, @Nullable Shape shape) {
    value.declared = Types.proto(type, shape);
    value.retyped = true;
  }

  /**
   * Removes nodes none of whose outputs are used, and initializers that nothing uses, in nested
   * graphs too. Inputs stay.
   *
   * @return how many nodes and initializers went
   */
  public int removeDead() {
    int removed = 0;
    for (Node node : nodes().reversed()) {
      if (node.outputs.stream().noneMatch(Value::isUsed)) {
        remove(node);
        removed++;
      } else {
        for (Graph inner : node.subgraphs()) {
          removed += inner.removeDead();
        }
      }
    }
    for (Value value : initializers()) {
      if (!value.isUsed() && !value.input) {
        remove(value);
        removed++;
      }
    }
    return removed;
  }

  @Override
  public String toString() {
    return Describe.graph(this);
  }
}
