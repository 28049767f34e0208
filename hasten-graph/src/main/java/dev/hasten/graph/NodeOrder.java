package dev.hasten.graph;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Topological order of one graph's nodes, subgraphs counted with the node that holds them. */
final class NodeOrder {
  private NodeOrder() {}

  /**
   * The nodes, each after all that it depends on; where they already are in order, as they are.
   *
   * @throws ModelException if there is a cycle; the message names its nodes
   */
  static List<Node> sort(Graph graph, Collection<Node> nodes) {
    List<Node> sorted = new ArrayList<>(nodes.size());
    Map<Node, Boolean> done = new IdentityHashMap<>();
    Deque<Node> path = new ArrayDeque<>();
    Deque<Iterator<Node>> pending = new ArrayDeque<>();
    for (Node root : nodes) {
      if (done.containsKey(root)) {
        continue;
      }
      done.put(root, false);
      path.push(root);
      pending.push(predecessors(graph, root).iterator());
      while (!path.isEmpty()) {
        if (!pending.getFirst().hasNext()) {
          pending.pop();
          Node node = path.pop();
          done.put(node, true);
          sorted.add(node);
          continue;
        }
        Node next = pending.getFirst().next();
        Boolean state = done.get(next);
        if (state == null) {
          done.put(next, false);
          path.push(next);
          pending.push(predecessors(graph, next).iterator());
        } else if (!state) {
          throw cycle(graph, path, next);
        }
      }
    }
    return sorted;
  }

  private static ModelException cycle(Graph graph, Deque<Node> path, Node closing) {
    List<String> names = new ArrayList<>();
    names.add(closing.toString());
    for (Node node : path) {
      names.add(node.toString());
      if (node == closing) {
        break;
      }
    }
    List<String> shown = names.size() > 12 ? new ArrayList<>(names.subList(0, 12)) : names;
    if (names.size() > 12) {
      shown.add("… " + (names.size() - 12) + " more");
    }
    return ModelException.of(
        "graph '" + graph.name() + "'",
        "the nodes form a cycle: " + String.join(" ← ", shown),
        "no node depends on itself",
        "Export the model again");
  }

  /** The nodes of {@code graph} whose outputs {@code node} needs, in the order of its inputs. */
  static List<Node> predecessors(Graph graph, Node node) {
    List<Node> out = new ArrayList<>();
    node.forEachDependency(value -> {
      Node producer = value.producer;
      if (producer != null && value.graph == graph) {
        out.add(producer);
      }
    });
    return out;
  }

  /** Whether any of {@code targets} is {@code from} or something that it depends on. */
  static boolean dependsOnAny(Graph graph, Node from, Set<Node> targets) {
    int lowest = Integer.MAX_VALUE;
    for (Node target : targets) {
      lowest = Math.min(lowest, target.position);
    }
    Set<Node> seen = new HashSet<>();
    Deque<Node> todo = new ArrayDeque<>();
    todo.push(from);
    while (!todo.isEmpty()) {
      Node node = todo.pop();
      if (targets.contains(node)) {
        return true;
      }
      // The order holds, so nothing before the first target can depend on one.
      if (node.position > lowest && seen.add(node)) {
        predecessors(graph, node).forEach(todo::push);
      }
    }
    return false;
  }
}
