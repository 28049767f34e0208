package dev.hasten.study.picture;

import dev.hasten.graph.Graph;
import dev.hasten.graph.Node;
import dev.hasten.study.blocks.Block;
import dev.hasten.study.blocks.Blocks;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which nodes are drawn as one: the scopes in their names, level by level; where many nodes stand
 * side by side without scopes, their repeated blocks; and the subgraphs of a node.
 */
final class GroupTree {
  /** From so many nodes in one group on, repetition is looked for. */
  private static final int MANY = 24;

  final String name;
  final String family;
  final @Nullable Node owner;
  final @Nullable GroupTree outer;
  final List<Object> members = new ArrayList<>();

  private GroupTree(String name, String family, @Nullable Node owner, @Nullable GroupTree outer) {
    this.name = name;
    this.family = family;
    this.owner = owner;
    this.outer = outer;
  }

  /** The whole graph as a group; members are nodes and groups. */
  static GroupTree of(Graph graph) {
    GroupTree root = new GroupTree("", "", null, null);
    root.fill(graph.nodes().stream().filter(n -> !n.is("Constant")).toList(), "");
    return root;
  }

  /** Sorts nodes whose names begin with {@code scope} into groups by what comes next. */
  private void fill(List<Node> nodes, String scope) {
    Map<String, List<Node>> byScope = new LinkedHashMap<>();
    Map<Node, String> heads = new HashMap<>();
    for (Node node : nodes) {
      String head = next(node.name(), scope);
      heads.put(node, head);
      if (!head.isEmpty()) {
        byScope.computeIfAbsent(head, h -> new ArrayList<>()).add(node);
      }
    }
    boolean one = byScope.size() == 1 && byScope.values().iterator().next().size() == nodes.size();
    if (one) {
      // Everything is in one scope: it tells nothing.
      fill(nodes, byScope.keySet().iterator().next());
      return;
    }
    List<Node> loose =
        nodes.stream()
            .filter(n -> byScope.getOrDefault(heads.getOrDefault(n, ""), List.of()).size() < 2)
            .toList();
    Map<Node, Block> repeated = loose.size() >= MANY ? repeated(loose) : Map.of();
    Map<Object, GroupTree> made = new HashMap<>();
    for (Node node : nodes) {
      String head = heads.getOrDefault(node, "");
      List<Node> inside = byScope.getOrDefault(head, List.of());
      Block block = repeated.get(node);
      if (inside.size() > 1) {
        if (!made.containsKey(head)) {
          GroupTree group = group(shortened(head, scope), head.replaceAll("\\d+", "*"), null);
          made.put(head, group);
          group.fill(inside, head);
        }
      } else if (block != null) {
        if (!made.containsKey(block)) {
          GroupTree group = group("block " + block.name(), "block " + block.family(), null);
          made.put(block, group);
          block.nodes().forEach(group::add);
        }
      } else {
        add(node);
      }
    }
  }

  private static Map<Node, Block> repeated(List<Node> nodes) {
    Map<Node, Block> byNode = new HashMap<>();
    for (Block block : Blocks.repeated(nodes)) {
      block.nodes().forEach(n -> byNode.put(n, block));
    }
    return byNode;
  }

  /** A node of its own, or a group if it has subgraphs. */
  private void add(Node node) {
    if (node.subgraphs().isEmpty()) {
      members.add(node);
      return;
    }
    GroupTree group = group(node.name().isEmpty() ? node.opType() : node.name(), "", node);
    List<Graph> subgraphs = node.subgraphs();
    for (Graph subgraph : subgraphs) {
      GroupTree branch = subgraphs.size() == 1 ? group : group.group(subgraph.name(), "", null);
      branch.fill(subgraph.nodes().stream().filter(n -> !n.is("Constant")).toList(), "");
    }
  }

  private GroupTree group(String called, String alike, @Nullable Node holder) {
    GroupTree group = new GroupTree(called, alike, holder, this);
    members.add(group);
    return group;
  }

  /** {@code scope} and one more part of {@code name}, or empty if that is the node's own. */
  private static String next(String name, String scope) {
    int from = scope.isEmpty() ? 0 : scope.length() + 1;
    int end = name.indexOf('/', Math.max(from, scope.isEmpty() ? 1 : from));
    return end < 0 || !name.startsWith(scope) ? "" : name.substring(0, end);
  }

  private static String shortened(String head, String scope) {
    String part = head.substring(scope.length());
    return part.startsWith("/") ? part.substring(1) : part;
  }

  int count() {
    int sum = owner == null ? 0 : 1;
    for (Object member : members) {
      sum += member instanceof GroupTree group ? group.count() : 1;
    }
    return sum;
  }
}
