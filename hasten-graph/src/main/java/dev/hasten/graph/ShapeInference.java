package dev.hasten.graph;

import dev.hasten.graph.wire.OnnxWire.FunctionProto;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds the type and shape of every value of a model, with exact symbolic dimensions, from what its
 * inputs declare. Small integer tensors are followed element by element, so that the chains of
 * Shape, Gather, Concat and Reshape that exporters write come out exactly. Subgraphs and the bodies
 * of the model's own functions are walked with what their caller gives them.
 *
 * <p>Nothing here throws for what it does not know: an unknown operator has unknown outputs, unless
 * the file declares them.
 */
public final class ShapeInference {
  /** Functions call functions; in a damaged file a few can unfold without end. */
  private static final int MAX_CALLS = 100_000;

  private final Model model;
  private final boolean trustDeclared;
  private final Map<String, FunctionProto> functions;
  private final Map<Value, Fact> facts = new IdentityHashMap<>();
  private final Map<Node, FunctionBody> bodies = new IdentityHashMap<>();
  private final Set<String> contradictions = new LinkedHashSet<>();
  private final Map<String, Value> labels = new HashMap<>();
  private final Map<Value, String> labelled = new IdentityHashMap<>();
  private Map<String, Long> opsets;
  private String caller = "";
  private final Set<String> calling = new HashSet<>();
  private int calls;

  private ShapeInference(Model model, boolean trustDeclared) {
    this.model = model;
    this.trustDeclared = trustDeclared;
    this.opsets = model.opsets();
    this.functions = FunctionBody.index(model);
  }

  /** Infers all values of the model, subgraphs included. The model is not changed. */
  public static Shapes infer(Model model) {
    return infer(model, true);
  }

  /**
   * As {@link #infer}, but from inputs and weights alone: what the main graph declares of nodes'
   * outputs is unread.
   */
  static Shapes inferUndeclared(Model model) {
    return infer(model, false);
  }

  private static Shapes infer(Model model, boolean trustDeclared) {
    ShapeInference inference = new ShapeInference(model, trustDeclared);
    inference.graph(model.graph());
    return new Shapes(model, inference.facts, inference.bodies, inference.contradictions);
  }

  Fact fact(Value value) {
    Fact known = facts.get(value);
    if (known == null) {
      known = declared(value);
      facts.put(value, known);
    }
    return known;
  }

  private Fact declared(Value value) {
    Tensor constant = value.constant();
    if (constant != null) {
      return new Fact(constant.type(), Types.shape(constant), Content.of(constant));
    }
    return value.initializer() != null
        ? new Fact(value.type(), value.shape(), null)
        : Types.fact(value.declared, label(value));
  }

  /**
   * The value's name, with a number where a value of another scope has the same: lengths that only
   * a run can tell are named after it, and two of a name would pass for equal.
   */
  String label(Value value) {
    String known = labelled.get(value);
    if (known == null) {
      known = value.name();
      for (int i = 2; labels.putIfAbsent(known, value) != null; i++) {
        known = value.name() + "#" + i;
      }
      labelled.put(value, known);
    }
    return known;
  }

  void contradict(Node node, String what) {
    contradictions.add(caller + node + ": " + what);
  }

  private void graph(Graph graph) {
    for (Node node : graph.nodes()) {
      node(node);
    }
  }

  List<Fact> body(Graph graph, List<Fact> inputs) {
    List<Value> formal = graph.inputs();
    for (int i = 0; i < formal.size() && i < inputs.size(); i++) {
      Fact declared = declared(formal.get(i));
      Fact given = inputs.get(i);
      boolean known = given.type() != null || given.shape() != null;
      facts.put(
          formal.get(i),
          new Fact(
              given.type() != null ? given.type() : declared.type(),
              given.shape() != null ? given.shape() : declared.shape(),
              given.content(),
              known ? given.form() : declared.form()));
    }
    graph(graph);
    return graph.outputs().stream().map(this::fact).toList();
  }

  /** Runs an attempt that may rest on a wrong assumption; what it contradicts is forgotten. */
  <T> T attempt(Supplier<T> attempt) {
    Set<String> before = new LinkedHashSet<>(contradictions);
    T result = attempt.get();
    contradictions.retainAll(before);
    return result;
  }

  private void node(Node node) {
    Site site = new Site(node, opsets.getOrDefault(node.domain(), 1L), this);
    FunctionProto function = functions.get(FunctionBody.key(node));
    Operator operator = OperatorTable.find(node);
    try {
      if (function != null) {
        call(function, node, site);
      } else if (operator != null) {
        operator.inference().infer(site);
      } else {
        node.subgraphs().forEach(inner -> body(inner, List.of()));
      }
    } catch (ArithmeticException
        | IndexOutOfBoundsException
        | IllegalArgumentException
        | ModelException e) {
      // A node that is not as its operator demands: validate() and the runtime say so better.
      contradict(node, "not as its operator demands: " + e.getMessage());
    }
    List<Value> outputs = node.outputs();
    for (int i = 0; i < outputs.size(); i++) {
      Value output = outputs.get(i);
      if (!output.isOmitted()) {
        Fact found = site.found().get(i);
        boolean trusted = trustDeclared || node.graph().outer() != null;
        facts.put(output, trusted ? merge(node, output, found) : found);
      }
    }
  }

  /** Infers through a function's body, as this call sees it. */
  private void call(FunctionProto function, Node node, Site site) {
    String key = FunctionBody.key(node);
    if (calls++ >= MAX_CALLS || !calling.add(key)) {
      return;
    }
    Map<String, Long> outerOpsets = opsets;
    String outerCaller = caller;
    caller = caller + node + " → ";
    try {
      FunctionBody body = FunctionBody.of(function, node, model.source());
      bodies.put(node, body);
      opsets = body.opsets();
      List<Fact> inputs = new ArrayList<>();
      for (int i = 0; i < body.graph().inputs().size(); i++) {
        inputs.add(site.input(i));
      }
      List<Fact> outputs = body(body.graph(), inputs);
      for (int i = 0; i < outputs.size(); i++) {
        site.put(i, outputs.get(i));
      }
    } finally {
      opsets = outerOpsets;
      caller = outerCaller;
      calling.remove(key);
    }
  }

  /** What was inferred, completed by what the file declares. */
  private Fact merge(Node node, Value output, Fact found) {
    Fact declared = declared(output);
    if (found.form() != declared.form()) {
      boolean nothing = found.type() == null && found.shape() == null;
      return nothing ? declared : found;
    }
    DataType type = found.type();
    if (type == null) {
      type = declared.type();
    } else if (declared.type() != null && declared.type() != type) {
      contradict(
          node, "output " + output.name() + " is " + type + " but is declared " + declared.type());
    }
    Shape shape = merge(node, output, found.shape(), declared.shape());
    Content content = found.content() != null ? found.content() : declared.content();
    if (content != null && shape != null && !fits(shape, content)) {
      content = null;
    }
    return new Fact(type, shape, content, found.form());
  }

  private static boolean fits(Shape shape, Content content) {
    try {
      return shape.size().is(content.size());
    } catch (ArithmeticException e) {
      return false;
    }
  }

  private @Nullable Shape merge(
      Node node, Value output, @Nullable Shape found, @Nullable Shape declared) {
    if (found == null || declared == null) {
      return found == null ? declared : found;
    }
    if (found.rank() != declared.rank()) {
      contradict(
          node, "output " + output.name() + " has shape " + found + " but is declared " + declared);
      return found;
    }
    List<Dim> dims = new ArrayList<>();
    for (int i = 0; i < found.rank(); i++) {
      Dim both = Broadcasting.same(found.dim(i), declared.dim(i));
      if (both == null) {
        contradict(
            node,
            "output " + output.name() + " has shape " + found + " but is declared " + declared);
        both = found.dim(i);
      }
      dims.add(both);
    }
    return new Shape(dims);
  }
}
