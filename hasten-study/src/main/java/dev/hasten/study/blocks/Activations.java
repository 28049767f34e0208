package dev.hasten.study.blocks;

import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Shape;
import dev.hasten.graph.ShapeInference;
import dev.hasten.graph.Shapes;
import dev.hasten.graph.Value;
import dev.hasten.measure.OperatorProfile;
import dev.hasten.measure.OperatorProfile.NodeTime;
import dev.hasten.measure.OperatorProfile.TensorShape;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Memory for intermediate results if each is freed after its last reader: the least that any
 * runtime needs that runs the nodes in this order and computes nothing in place.
 *
 * @param peakBytes the most at any time, inputs and outputs included
 * @param at the node during which it is reached
 * @param allBytes of all intermediate results together
 * @param unknown values whose size could not be told, not counted
 */
public record Activations(long peakBytes, String at, long allBytes, int unknown) {
  private static final Set<String> VIEWS =
      Set.of("Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity");

  /**
   * @param inputShapes the sizes of every input
   * @param profile tells sizes that depend on data
   */
  public static Activations of(
      Model model, Map<String, List<Long>> inputShapes, OperatorProfile profile) {
    Model fixed = model.copy();
    for (Value input : fixed.graph().inputs()) {
      List<Long> sizes = inputShapes.get(input.name());
      if (sizes != null && input.type() != null) {
        long[] dims = sizes.stream().mapToLong(Long::longValue).toArray();
        fixed.graph().setType(input, input.type(), Shape.of(dims));
      }
    }
    Map<String, NodeTime> ran = new HashMap<>();
    profile.nodes().forEach(n -> ran.put(n.node(), n));
    return new Sweep(ShapeInference.infer(fixed), ran).over(fixed.graph().nodes());
  }

  /** Goes through the nodes in order. */
  private static final class Sweep {
    private final Shapes shapes;
    private final Map<String, NodeTime> ran;
    private final Map<Value, Value> storage = new HashMap<>();
    private final Map<Value, Long> bytes = new HashMap<>();
    private int unknown;

    Sweep(Shapes shapes, Map<String, NodeTime> ran) {
      this.shapes = shapes;
      this.ran = ran;
    }

    Activations over(List<Node> nodes) {
      Map<Value, Integer> lastRead = new HashMap<>();
      for (int i = 0; i < nodes.size(); i++) {
        for (Value value : dependencies(nodes.get(i))) {
          lastRead.put(storage.getOrDefault(value, value), i);
        }
        Node node = nodes.get(i);
        if (VIEWS.contains(node.opType()) && node.inputOrNull(0) != null) {
          Value source = node.input(0);
          storage.put(node.output(), storage.getOrDefault(source, source));
        }
      }
      Map<Integer, Set<Value>> freed = new HashMap<>();
      lastRead.forEach((value, at) -> {
        if (!value.isOutput()) {
          freed.computeIfAbsent(at, a -> new HashSet<>()).add(value);
        }
      });
      return sweep(nodes, freed);
    }

    private Activations sweep(List<Node> nodes, Map<Integer, Set<Value>> freed) {
      Set<Value> live = new HashSet<>();
      long now = 0;
      long peak = 0;
      long all = 0;
      String at = "";
      for (int i = 0; i < nodes.size(); i++) {
        Node node = nodes.get(i);
        if (node.is("Constant")) {
          continue;
        }
        for (Value value : dependencies(node)) {
          if (value.producer() == null && !value.isInitializer() && live.add(value)) {
            now += size(value, null, 0);
          }
        }
        for (int o = 0; o < node.outputs().size(); o++) {
          Value output = node.outputs().get(o);
          if (!output.isOmitted() && !storage.containsKey(output) && live.add(output)) {
            long size = size(output, node, o);
            now += size;
            all += size;
          }
        }
        if (now > peak) {
          peak = now;
          at = node.name().isEmpty() ? node.toString() : node.name();
        }
        for (Value value : freed.getOrDefault(i, Set.of())) {
          if (live.remove(value)) {
            now -= bytes.getOrDefault(value, 0L);
          }
        }
      }
      return new Activations(peak, at, all, unknown);
    }

    private long size(Value value, @Nullable Node node, int output) {
      Shape shape = shapes.shape(value);
      var type = shapes.type(value);
      long size = 0;
      if (shape != null && shape.isFixed() && type != null) {
        size = type.bytes(shape.eval(Map.of()).stream().reduce(1L, (a, b) -> a * b));
      } else {
        NodeTime run = node == null ? null : ran.get(node.name());
        if (run != null && output < run.outputs().size()) {
          TensorShape seen = run.outputs().get(output);
          size = seen.size() * seen.elementBytes();
        } else {
          unknown++;
        }
      }
      bytes.put(value, size);
      return size;
    }

    private static Set<Value> dependencies(Node node) {
      Set<Value> values = new HashSet<>();
      node.inputs().stream().filter(v -> v != null && v.initializer() == null).forEach(values::add);
      node.subgraphs().forEach(inner -> values.addAll(inner.captures()));
      return values;
    }
  }
}
