package dev.hasten.graph;

import dev.hasten.graph.wire.OnnxWire.AttributeProto;
import dev.hasten.graph.wire.OnnxWire.FunctionProto;
import dev.hasten.graph.wire.OnnxWire.ModelProto;
import dev.hasten.graph.wire.OnnxWire.NodeProto;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The functions that a model brings along, and which of them calls which. */
final class FunctionCalls {
  private final Map<String, FunctionProto> functions = new LinkedHashMap<>();
  private final Set<String> names = new HashSet<>();
  private @Nullable String twice;

  FunctionCalls(ModelProto model) {
    for (FunctionProto function : model.getFunctionsList()) {
      String key = key(function.getDomain(), function.getName(), function.getOverload());
      names.add(key(function.getDomain(), function.getName(), ""));
      if (functions.put(key, function) != null) {
        twice = function.getName();
      }
    }
  }

  private static String key(String domain, String name, String overload) {
    return Node.normalize(domain) + ":" + name + ":" + overload;
  }

  /** Whether there is such a function, under any overload. */
  boolean has(String domain, String name) {
    return names.contains(key(domain, name, ""));
  }

  /** What is wrong with them; null if nothing is. Whoever inlines a recursive one never ends. */
  @Nullable String problem() {
    if (twice != null) {
      return "'" + twice + "' is defined a second time";
    }
    Map<String, Boolean> done = new HashMap<>();
    for (String root : functions.keySet()) {
      String recursive = done.containsKey(root) ? null : recursion(root, done);
      if (recursive != null) {
        return recursive;
      }
    }
    return null;
  }

  private @Nullable String recursion(String root, Map<String, Boolean> done) {
    Deque<String> path = new ArrayDeque<>();
    Deque<Iterator<String>> pending = new ArrayDeque<>();
    enter(root, path, pending, done);
    while (!path.isEmpty()) {
      if (!pending.getFirst().hasNext()) {
        pending.pop();
        done.put(path.pop(), true);
        continue;
      }
      String next = pending.getFirst().next();
      Boolean state = done.get(next);
      if (state == null) {
        enter(next, path, pending, done);
      } else if (!state) {
        return "'%s' calls itself, by way of %d other functions"
            .formatted(
                Objects.requireNonNull(functions.get(next)).getName(),
                List.copyOf(path).indexOf(next));
      }
    }
    return null;
  }

  private void enter(
      String key, Deque<String> path, Deque<Iterator<String>> pending, Map<String, Boolean> done) {
    done.put(key, false);
    path.push(key);
    Set<String> calls = new LinkedHashSet<>();
    FunctionProto function = functions.get(key);
    if (function != null) {
      collect(function.getNodeList(), calls);
    }
    pending.push(calls.iterator());
  }

  private void collect(List<NodeProto> nodes, Set<String> calls) {
    for (NodeProto node : nodes) {
      String key = key(node.getDomain(), node.getOpType(), node.getOverload());
      if (functions.containsKey(key)) {
        calls.add(key);
      }
      for (AttributeProto attribute : node.getAttributeList()) {
        collect(attribute.getG().getNodeList(), calls);
        attribute.getGraphsList().forEach(graph -> collect(graph.getNodeList(), calls));
      }
    }
  }
}
