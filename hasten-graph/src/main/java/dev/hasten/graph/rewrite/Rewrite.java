package dev.hasten.graph.rewrite;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.Dim;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Shape;
import dev.hasten.graph.ShapeInference;
import dev.hasten.graph.Shapes;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a rule sees and edits besides its node: the model, and types, shapes and contents that are
 * inferred again only when a rule asks about a value that is newer than what is known.
 */
public final class Rewrite {
  private final Model model;
  private @Nullable Shapes shapes;
  private final Set<Value> unseen = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Map<Integer, List<Value>> byHash = new HashMap<>();

  Rewrite(Model model) {
    this.model = model;
  }

  /** The copy that is being rewritten. */
  public Model model() {
    return model;
  }

  /** The version of the standard operators. */
  public long opset() {
    return model.opset();
  }

  /** The inferred shape, or null where not even the rank is known. */
  public @Nullable Shape shape(Value value) {
    Tensor constant = value.constant();
    return constant != null
        ? Shape.of(constant.dims().stream().mapToLong(Long::longValue).toArray())
        : shapesFor(value).shape(value);
  }

  /** The inferred element type, or null where unknown. */
  public @Nullable DataType type(Value value) {
    Tensor constant = value.constant();
    return constant != null ? constant.type() : shapesFor(value).type(value);
  }

  /** What is known of the elements of a small integer tensor (a shape, mostly), or null. */
  public @Nullable List<Dim> content(Value value) {
    return shapesFor(value).content(value);
  }

  /** The length of an axis (negative: from the end) where it is a known number, else -1. */
  long fixedDim(Value value, int axis) {
    Shape shape = shape(value);
    int index = shape != null && axis < 0 ? axis + shape.rank() : axis;
    return shape == null || index < 0 || index >= shape.rank()
        ? -1
        : shape.dim(index).value().orElse(-1);
  }

  /** The number of axes, or -1 where unknown. */
  int rank(Value value) {
    Shape shape = shape(value);
    return shape == null ? -1 : shape.rank();
  }

  private Shapes shapesFor(Value value) {
    Shapes known = shapes;
    if (known == null || unseen.contains(value)) {
      known = ShapeInference.infer(model);
      shapes = known;
      unseen.clear();
    }
    return known;
  }

  /** Adds a node of the standard operators with one output and returns that output. */
  public Value add(
      Node at,
      String opType,
      List<? extends @Nullable Value> inputs,
      Map<String, Attribute> attributes) {
    return add(at, "", opType, inputs, attributes);
  }

  /**
   * Adds a node with one output beside {@code at}, named after its output, and returns its output.
   */
  public Value add(
      Node at,
      String domain,
      String opType,
      List<? extends @Nullable Value> inputs,
      Map<String, Attribute> attributes) {
    return addNode(
            at, domain, opType, inputs, attributes, List.of(at.output().name() + "/" + opType))
        .output();
  }

  /** Adds a node whose outputs have the given names (made unique). */
  public Node addNode(
      Node at,
      String domain,
      String opType,
      List<? extends @Nullable Value> inputs,
      Map<String, Attribute> attributes,
      List<String> outputs) {
    Node added = at.graph().add(domain, opType, inputs, attributes, outputs);
    if (!domain.isEmpty() && !model.opsets().containsKey(domain)) {
      model.setOpset(domain, 1);
    }
    unseen.addAll(added.outputs());
    return added;
  }

  /** Adds an initializer to the graph of {@code at}. */
  public Value constant(Node at, String baseName, Tensor tensor) {
    Value added = at.graph().addInitializer(baseName, tensor);
    unseen.add(added);
    return added;
  }

  /** Makes every user of {@code old} use {@code by}; both must hold the same. */
  public void replace(Value old, Value by) {
    by.graph().replaceUses(old, by);
  }

  /** Like {@link #replace}, then removes the nodes that only served {@code old}. */
  public void replaceAndSweep(Value old, Value by) {
    Node producer = old.producer();
    replace(old, by);
    if (producer != null) {
      sweep(producer);
    }
  }

  /** Removes a node that nothing uses any more, and then those that only served it. */
  public void sweep(Node node) {
    // Not by recursion: what hangs on a node may be a chain longer than the stack is deep.
    Deque<Node> pending = new ArrayDeque<>(List.of(node));
    while (!pending.isEmpty()) {
      Node next = pending.pop();
      if (!next.isRemoved() && next.outputs().stream().noneMatch(Value::isUsed)) {
        sweep(next, pending);
      }
    }
  }

  private static void sweep(Node node, Deque<Node> pending) {
    Graph graph = node.graph();
    List<@Nullable Value> inputs = node.inputs();
    boolean shared = !node.subgraphs().isEmpty();
    graph.remove(node);
    for (Value input : inputs) {
      if (input == null || input.isUsed() || shared) {
        continue;
      }
      Node producer = input.producer();
      if (producer != null) {
        pending.add(producer);
      } else if (input.isInitializer() && !input.isInput() && isPresent(input)) {
        input.graph().remove(input);
      }
    }
  }

  /** Whether no edit has removed an input or initializer. */
  static boolean isPresent(Value value) {
    return value.graph().find(value.name()) == value;
  }

  /**
   * The initializer of the same graph that was first seen with this one's content: mostly itself.
   */
  Value firstWithContentOf(Value initializer) {
    Tensor tensor = Objects.requireNonNull(initializer.constant());
    List<Value> alike = byHash.computeIfAbsent(contentHash(tensor), hash -> new ArrayList<>());
    for (Value value : alike) {
      Tensor other = value.constant();
      if (other != null
          && value.graph() == initializer.graph()
          && isPresent(value)
          && other.contentEquals(tensor)) {
        return value;
      }
    }
    alike.add(initializer);
    return initializer;
  }

  /** Cheap for weights: only their first bytes count, equality is then checked on all. */
  private static int contentHash(Tensor tensor) {
    byte[] head =
        tensor
            .data()
            .asSlice(0, Math.min(256, tensor.data().byteSize()))
            .toArray(ValueLayout.JAVA_BYTE);
    return Objects.hash(tensor.type(), tensor.dims(), Arrays.hashCode(head));
  }
}
