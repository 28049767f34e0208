package dev.hasten.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** A node under inference: what is known of its inputs, and where its rule puts what it finds. */
final class Site {
  private static final int MAX_RANK = 256;

  private final Node node;
  private final long opset;
  private final ShapeInference inference;
  private final List<Fact> outputs = new ArrayList<>();

  Site(Node node, long opset, ShapeInference inference) {
    this.node = node;
    this.opset = opset;
    this.inference = inference;
    node.outputs().forEach(_ -> outputs.add(Fact.NOTHING));
  }

  Node node() {
    return node;
  }

  /** The version of the node's domain that the model imports. */
  long opset() {
    return opset;
  }

  List<Fact> found() {
    return outputs;
  }

  int inputCount() {
    return node.inputs().size();
  }

  int outputCount() {
    return outputs.size();
  }

  boolean has(int input) {
    return node.inputOrNull(input) != null;
  }

  Fact input(int index) {
    return fact(node.inputOrNull(index));
  }

  Fact fact(@Nullable Value value) {
    return value == null ? Fact.NOTHING : inference.fact(value);
  }

  @Nullable DataType type(int input) {
    return input(input).type();
  }

  @Nullable Shape shape(int input) {
    return input(input).shape();
  }

  @Nullable Content content(int input) {
    return input(input).content();
  }

  @Nullable Tensor constant(int input) {
    Value value = node.inputOrNull(input);
    return value == null ? null : value.constant();
  }

  /** The elements of an input if they are all known numbers, else null. */
  long @Nullable [] numbers(int input) {
    Content content = content(input);
    return content == null ? null : content.numbers();
  }

  /** The elements of an input if they are all known, else null. */
  @Nullable List<Dim> known(int input) {
    Content content = content(input);
    return content == null ? null : content.known();
  }

  long integer(String attribute, long otherwise) {
    return node.intAttribute(attribute, otherwise);
  }

  long @Nullable [] integers(String attribute) {
    List<Long> list = node.intsAttribute(attribute);
    return list == null ? null : list.stream().mapToLong(Long::longValue).toArray();
  }

  /** Axes given by an attribute in older opsets and by an input in newer ones; null if by none. */
  long @Nullable [] integers(String attribute, int input) {
    long[] fromAttribute = integers(attribute);
    return fromAttribute != null ? fromAttribute : numbers(input);
  }

  void put(int output, @Nullable DataType type, @Nullable Shape shape) {
    if (output < outputs.size()) {
      put(output, new Fact(type, shape, outputs.get(output).content()));
    }
  }

  void put(int output, @Nullable DataType type, @Nullable Shape shape, @Nullable Content content) {
    put(output, new Fact(type, shape, content));
  }

  void put(int output, Fact fact) {
    if (fact.shape() != null) {
      requireRank(fact.shape().rank());
    }
    if (output < outputs.size()) {
      outputs.set(output, fact);
    }
  }

  /**
   * Gathering by what was gathered doubles the rank: some dozen such nodes would fill any memory.
   */
  private static void requireRank(long rank) {
    if (rank < 0 || rank > MAX_RANK) {
      throw new ArithmeticException("rank " + rank + " (expected: at most " + MAX_RANK + ")");
    }
  }

  /** A length that only a run can tell. Not known twice under the same name. */
  Dim fresh(int output, Object tag) {
    int named = Math.min(output, outputs.size() - 1);
    String name = inference.label(node.outputs().get(named)) + (named < output ? "+" + output : "");
    return Dim.of("?" + name + "." + tag);
  }

  Shape freshShape(int output, long rank) {
    requireRank(rank);
    List<Dim> dims = new ArrayList<>();
    for (int i = 0; i < rank; i++) {
      dims.add(fresh(output, i));
    }
    return new Shape(dims);
  }

  /** A length read from a shape tensor; one of its own where the element is not known. */
  Dim length(int output, int axis, @Nullable Dim element) {
    return element == null ? fresh(output, axis) : element;
  }

  void contradict(String what) {
    inference.contradict(node, what);
  }

  /** The shape that both broadcast to; null if one is not known or they don't fit. */
  @Nullable Shape broadcast(@Nullable Shape a, @Nullable Shape b) {
    if (a == null || b == null) {
      return null;
    }
    int rank = Math.max(a.rank(), b.rank());
    List<Dim> dims = new ArrayList<>(rank);
    for (int i = -rank; i < 0; i++) {
      Dim left = -i > a.rank() ? Dim.ONE : a.dim(i);
      Dim right = -i > b.rank() ? Dim.ONE : b.dim(i);
      Dim both = Broadcasting.both(left, right);
      if (both == null) {
        contradict("shapes " + a + " and " + b + " do not broadcast");
        return null;
      }
      dims.add(both);
    }
    return new Shape(dims);
  }

  /** Infers a body whose inputs are as given; returns what is known of its outputs. */
  List<Fact> body(Graph graph, List<Fact> inputs) {
    return inference.body(graph, inputs);
  }

  /** As {@link #body}, on an assumption that may prove wrong: contradictions are not kept. */
  List<Fact> tryBody(Graph graph, List<Fact> inputs) {
    return inference.attempt(() -> inference.body(graph, inputs));
  }

  /** Combines two contents element by element, a single element going with all of the other. */
  @Nullable Content combine(Content a, Content b, BiFunction<Dim, Dim, @Nullable Dim> operation) {
    int size = a.size() == 1 ? b.size() : a.size();
    if (b.size() != 1 && b.size() != size) {
      return null;
    }
    List<@Nullable Dim> out = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      Dim left = a.get(a.size() == 1 ? 0 : i);
      Dim right = b.get(b.size() == 1 ? 0 : i);
      out.add(left == null || right == null ? null : operation.apply(left, right));
    }
    return Content.of(out);
  }
}
