package dev.hasten.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What {@link ShapeInference} found, valid as long as the model is not edited. */
public final class Shapes {
  private final Model model;
  private final Map<Value, Fact> facts;
  private final List<String> contradictions;

  Shapes(Model model, Map<Value, Fact> facts, List<String> contradictions) {
    this.model = model;
    this.facts = facts;
    this.contradictions = List.copyOf(contradictions);
  }

  /** The version of the node's domain that the model imports. */
  long opset(Node node) {
    return model.opsets().getOrDefault(node.domain(), 1L);
  }

  private Fact fact(Value value) {
    Fact known = facts.get(value);
    return known != null ? known : new Fact(value.type(), value.shape(), null);
  }

  /** The shape; null if not even the rank is known, or the value is no tensor. */
  public @Nullable Shape shape(Value value) {
    return fact(value).shape();
  }

  /** The element type; null if it is not known, or the value is no tensor. */
  public @Nullable DataType type(Value value) {
    return fact(value).type();
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
        if (!value.isOmitted() && value.isTensor() && !isKnown(fact(value))) {
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
