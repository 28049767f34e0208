package dev.hasten.graph;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds the type and shape of every value of a model, with exact symbolic dimensions, from what its
 * inputs declare. Small integer tensors are followed element by element, so that the chains of
 * Shape, Gather, Concat and Reshape that exporters write come out exactly.
 *
 * <p>Nothing here throws for what it does not know: an unknown operator has unknown outputs, unless
 * the file declares them.
 */
public final class ShapeInference {
  private final Model model;
  private final Map<Value, Fact> facts = new IdentityHashMap<>();
  private final List<String> contradictions = new ArrayList<>();

  private final boolean trustDeclared;

  private ShapeInference(Model model, boolean trustDeclared) {
    this.model = model;
    this.trustDeclared = trustDeclared;
  }

  /** Infers all values of the model, subgraphs included. The model is not changed. */
  public static Shapes infer(Model model) {
    return infer(model, true);
  }

  /**
   * As {@link #infer}, but from inputs and weights alone: what nodes' outputs declare is unread.
   */
  static Shapes inferUndeclared(Model model) {
    return infer(model, false);
  }

  private static Shapes infer(Model model, boolean trustDeclared) {
    ShapeInference inference = new ShapeInference(model, trustDeclared);
    inference.graph(model.graph());
    return new Shapes(model, inference.facts, inference.contradictions);
  }

  Fact fact(Value value) {
    Fact known = facts.get(value);
    if (known == null) {
      known = declared(value);
      facts.put(value, known);
    }
    return known;
  }

  private static Fact declared(Value value) {
    Tensor constant = value.constant();
    return new Fact(value.type(), value.shape(), constant == null ? null : Content.of(constant));
  }

  void contradict(Node node, String what) {
    contradictions.add(node + ": " + what);
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
      facts.put(
          formal.get(i),
          new Fact(
              given.type() != null ? given.type() : declared.type(),
              given.shape() != null ? given.shape() : declared.shape(),
              given.content()));
    }
    graph(graph);
    return graph.outputs().stream().map(this::fact).toList();
  }

  private void node(Node node) {
    long opset = model.opsets().getOrDefault(node.domain(), 1L);
    Site site = new Site(node, opset, this);
    Operator operator = OperatorTable.find(node);
    try {
      if (operator != null) {
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
        facts.put(output, trustDeclared ? merge(node, output, found) : found);
      }
    }
  }

  /** What was inferred, completed by what the file declares. */
  private Fact merge(Node node, Value output, Fact found) {
    Fact declared = declared(output);
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
    return new Fact(type, shape, content);
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
