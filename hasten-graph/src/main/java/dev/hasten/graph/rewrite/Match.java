package dev.hasten.graph.rewrite;

import dev.hasten.graph.Node;
import dev.hasten.graph.Use;
import dev.hasten.graph.Value;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One way in which a {@link Pattern} fits.
 *
 * @param captures the named values
 * @param nodes the nodes that the pattern covers, the result's first
 */
record Match(Map<String, Value> captures, Set<Node> nodes) {
  static final Match EMPTY = new Match(Map.of(), Set.of());

  /** The value that stands for a name of the pattern. */
  Value get(String name) {
    Value value = captures.get(name);
    if (value == null) {
      throw new IllegalArgumentException(
          "capture " + name + " (expected: " + captures.keySet() + ")");
    }
    return value;
  }

  @Nullable Value find(String name) {
    return captures.get(name);
  }

  /** This with one more name, or nothing if that name stands for another value already. */
  List<Match> capture(String name, Value value) {
    Value before = captures.get(name);
    if (before != null) {
      return before == value ? List.of(this) : List.of();
    }
    Map<String, Value> more = new LinkedHashMap<>(captures);
    more.put(name, value);
    return List.of(new Match(more, nodes));
  }

  Match through(Node node) {
    Set<Node> more = new LinkedHashSet<>(nodes);
    more.add(node);
    return new Match(captures, more);
  }

  /**
   * A value computed inside, other than {@code result}, that something outside reads: it would have
   * to be computed all the same, so that fusing would double work. Null if there is none.
   */
  @Nullable Value leak(Value result) {
    for (Node node : nodes) {
      for (Value output : node.outputs()) {
        if (output == result) {
          continue;
        }
        if (output.isOutput()) {
          return output;
        }
        for (Use use : output.users()) {
          if (!nodes.contains(use.node())) {
            return output;
          }
        }
      }
    }
    return null;
  }
}
