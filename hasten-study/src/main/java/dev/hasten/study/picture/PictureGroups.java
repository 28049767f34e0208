package dev.hasten.study.picture;

import dev.hasten.graph.Graph;
import dev.hasten.graph.Node;
import dev.hasten.graph.Value;
import dev.hasten.study.picture.Picture.PictureEdge;
import dev.hasten.study.picture.Picture.PictureGroup;
import dev.hasten.study.picture.Picture.PictureItem;
import dev.hasten.study.picture.Picture.PictureItem.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Edges and layers of each group. An edge between nodes of different groups is drawn where their
 * paths part; on the way there it enters and leaves each group through a port.
 */
final class PictureGroups {
  private final Map<Node, Integer> nodes;
  private final Map<Value, Integer> values;
  private final Map<GroupTree, Draft> drafts = new LinkedHashMap<>();
  private final Map<Node, Draft> homes = new HashMap<>();

  PictureGroups(Map<Node, Integer> nodes, Map<Value, Integer> values) {
    this.nodes = nodes;
    this.values = values;
  }

  /** A group while it is being filled. */
  private static final class Draft {
    final GroupTree tree;
    final int number;
    final int depth;
    final @Nullable Draft outer;
    final List<PictureItem> items = new ArrayList<>();
    final Map<Object, Integer> places = new IdentityHashMap<>();
    final Map<Value, Integer> in = new LinkedHashMap<>();
    final Map<Value, Integer> out = new LinkedHashMap<>();
    final Map<List<Integer>, Set<Integer>> edges = new LinkedHashMap<>();

    Draft(GroupTree tree, int number, @Nullable Draft outer) {
      this.tree = tree;
      this.number = number;
      this.outer = outer;
      this.depth = outer == null ? 0 : outer.depth + 1;
    }

    /** Its own place in the group around it. */
    int within(Draft around) {
      return Objects.requireNonNull(around.places.get(tree));
    }

    int add(Kind kind, int ref) {
      items.add(new PictureItem(kind, ref));
      return items.size() - 1;
    }

    void edge(int from, int to, int value) {
      if (from != to) {
        edges.computeIfAbsent(List.of(from, to), e -> new LinkedHashSet<>()).add(value);
      }
    }

    int port(Map<Value, Integer> ports, Kind kind, Value value, int ref) {
      return ports.computeIfAbsent(value, v -> add(kind, ref));
    }
  }

  List<PictureGroup> of(Graph graph) {
    fill(GroupTree.of(graph), null);
    for (Map.Entry<Value, Integer> entry : values.entrySet()) {
      connect(entry.getKey(), entry.getValue());
    }
    return drafts.values().stream().map(this::finish).toList();
  }

  private void fill(GroupTree tree, @Nullable Draft outer) {
    Draft draft = new Draft(tree, drafts.size(), outer);
    drafts.put(tree, draft);
    Node owner = tree.owner;
    if (owner != null) {
      homes.put(owner, draft);
    }
    for (Object member : tree.members) {
      if (member instanceof GroupTree inner) {
        draft.places.put(inner, draft.add(Kind.GROUP, drafts.size()));
        fill(inner, draft);
      } else if (member instanceof Node node) {
        draft.places.put(node, draft.add(Kind.NODE, nodes.getOrDefault(node, 0)));
        homes.put(node, draft);
      }
    }
  }

  private void connect(Value value, int number) {
    Node producer = value.producer();
    Draft root = drafts.values().iterator().next();
    List<Node> readers = value.users().stream().map(u -> u.node()).distinct().toList();
    for (Node reader : readers) {
      if (homes.containsKey(reader)) {
        connect(value, number, producer, reader, root);
      }
    }
    if (value.isOutput() && producer != null && homes.containsKey(producer)) {
      // Up to the group of the graph whose output it is.
      Draft at = home(producer);
      int from = place(at, producer);
      Draft last = top(value, at);
      while (at != last && at.outer != null) {
        at.edge(from, at.port(at.out, Kind.OUT, value, number), number);
        from = at.within(at.outer);
        at = at.outer;
      }
      at.edge(from, at.port(at.out, Kind.OUT, value, number), number);
    }
  }

  /** The outermost group of the graph that defines the value. */
  private static Draft top(Value value, Draft from) {
    Draft at = from;
    while (at.outer != null && !holdsSubgraph(at, value)) {
      at = at.outer;
    }
    return at;
  }

  private static boolean holdsSubgraph(Draft draft, Value value) {
    Node owner = value.graph().owner();
    return owner != null
        && (draft.tree.owner == owner
            || draft.outer != null && draft.outer.tree.owner == owner && draft.tree.owner == null);
  }

  private void connect(Value value, int number, @Nullable Node producer, Node reader, Draft root) {
    Draft to = home(reader);
    int end = place(to, reader);
    if (producer == null || !homes.containsKey(producer)) {
      // An input of the model, or of a subgraph: a port of the group that has it.
      Draft last = producer == null ? top(value, to) : root;
      while (to != last && to.outer != null) {
        to.edge(to.port(to.in, Kind.IN, value, number), end, number);
        end = to.within(to.outer);
        to = to.outer;
      }
      to.edge(to.port(to.in, Kind.IN, value, number), end, number);
      return;
    }
    Draft from = home(producer);
    int start = place(from, producer);
    while (from != to) {
      if (from.depth >= to.depth && from.outer != null) {
        from.edge(start, from.port(from.out, Kind.OUT, value, number), number);
        start = from.within(from.outer);
        from = from.outer;
      } else if (to.outer != null) {
        to.edge(to.port(to.in, Kind.IN, value, number), end, number);
        end = to.within(to.outer);
        to = to.outer;
      }
    }
    from.edge(start, end, number);
  }

  /** The group in which a node is an item: for one with subgraphs, the group around its own. */
  private Draft home(Node node) {
    Draft draft = Objects.requireNonNull(homes.get(node));
    return draft.tree.owner == node && draft.outer != null ? draft.outer : draft;
  }

  private int place(Draft home, Node node) {
    Draft own = Objects.requireNonNull(homes.get(node));
    return Objects.requireNonNull(home.places.get(own == home ? node : own.tree));
  }

  private PictureGroup finish(Draft draft) {
    List<int[]> pairs =
        draft.edges.keySet().stream().map(e -> new int[] {e.get(0), e.get(1)}).toList();
    boolean[] pinned = new boolean[draft.items.size()];
    if (draft.outer != null) {
      draft.in.values().forEach(port -> pinned[port] = true);
    }
    Layering layering = new Layering(draft.items.size(), pairs, pinned);
    List<PictureEdge> edges = new ArrayList<>();
    for (Map.Entry<List<Integer>, Set<Integer>> edge : draft.edges.entrySet()) {
      edges.add(
          new PictureEdge(
              edge.getKey().get(0),
              edge.getKey().get(1),
              List.copyOf(edge.getValue()),
              layering.bends(edges.size())));
    }
    Node owner = draft.tree.owner;
    return new PictureGroup(
        draft.tree.name,
        draft.tree.family,
        owner == null ? -1 : nodes.getOrDefault(owner, -1),
        draft.tree.count(),
        draft.items,
        edges,
        layering.layers());
  }
}
