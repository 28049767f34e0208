package dev.hasten.graph;

import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What {@link ShapeInference} found, valid as long as the model is not edited. */
public final class Shapes {
  private final Model model;
  private final Map<Value, Fact> facts;
  private final Map<Node, FunctionBody> bodies;
  private final Map<Graph, Map<String, Long>> opsets = new IdentityHashMap<>();
  private final List<String> contradictions;

  Shapes(
      Model model,
      Map<Value, Fact> facts,
      Map<Node, FunctionBody> bodies,
      Collection<String> contradictions) {
    this.model = model;
    this.facts = facts;
    this.bodies = bodies;
    this.contradictions = List.copyOf(contradictions);
    bodies.values().forEach(body -> opsets.put(body.graph(), body.opsets()));
  }

  /** The version of the node's domain that the model, or the function it is in, imports. */
  long opset(Node node) {
    Graph root = node.graph();
    for (Graph outer = root.outer(); outer != null; outer = outer.outer()) {
      root = outer;
    }
    return opsets.getOrDefault(root, model.opsets()).getOrDefault(node.domain(), 1L);
  }

  /** The body behind a node that calls one of the model's functions; null for other nodes. */
  @Nullable Graph body(Node node) {
    FunctionBody body = bodies.get(node);
    return body == null ? null : body.graph();
  }

  Fact fact(Value value) {
    Fact known = facts.get(value);
    return known != null ? known : new Fact(value.type(), value.shape(), null);
  }

  /** The shape; null if not even the rank is known, or the value is no tensor. */
  public @Nullable Shape shape(Value value) {
    Fact fact = fact(value);
    return fact.isTensor() ? fact.shape() : null;
  }

  /** The element type; null if it is not known, or the value is no tensor. */
  public @Nullable DataType type(Value value) {
    Fact fact = fact(value);
    return fact.isTensor() ? fact.type() : null;
  }

  /**
   * The elements, row-major, of a small integer tensor that the graph computes from shapes and
   * constants; null if any element is not known.
   */
  public @Nullable List<Dim> content(Value value) {
    Content content = fact(value).content();
    return content == null ? null : content.known();
  }

  /** Whether type and shape of every tensor are known in terms of the inputs' symbols alone. */
  public boolean complete() {
    return unknown().isEmpty();
  }

  /**
   * The values whose type or shape is not known, or depends on data: some dimension is a symbol
   * that no input of the model declares by name.
   */
  public List<Value> unknown() {
    List<Value> out = new ArrayList<>();
    collectUnknown(model.graph(), out);
    return out;
  }

  private void collectUnknown(Graph graph, List<Value> out) {
    for (Node node : graph.nodes()) {
      for (Value value : node.outputs()) {
        Fact fact = fact(value);
        if (!value.isOmitted() && value.isTensor() && fact.isTensor() && !isKnown(fact)) {
          out.add(value);
        }
      }
      node.subgraphs().forEach(inner -> collectUnknown(inner, out));
    }
  }

  private static boolean isKnown(Fact fact) {
    return fact.type() != null
        && fact.shape() != null
        && fact.shape().dims().stream().noneMatch(Broadcasting::isAnonymous);
  }

  /** Where the file's declarations and what follows from its operators differ; names the node. */
  public List<String> contradictions() {
    return contradictions;
  }
}
