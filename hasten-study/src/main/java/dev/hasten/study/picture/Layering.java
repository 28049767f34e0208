package dev.hasten.study.picture;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;

/**
 * Puts the items of a group in layers so that edges run downwards, and orders each layer so that
 * few of them cross. Sugiyama, Tagawa, Toda 1981: cycles are broken, layers are longest paths, long
 * edges get a bend in each layer between, orders follow the barycentres.
 */
final class Layering {
  /** Edges over more layers get no bends: they would fill the layers of a deep graph. */
  private static final int LONGEST = 6;

  private static final int SWEEPS = 8;

  private final int size;
  private final int[][] edges;
  private final int[] rank;
  private final List<List<Integer>> bends = new ArrayList<>();
  private final List<List<Integer>> layers = new ArrayList<>();
  private int points;

  /**
   * @param size items
   * @param edges from and to, each pair once
   * @param pinned items that stay in the first layer
   */
  Layering(int size, List<int[]> edges, boolean[] pinned) {
    this.size = size;
    this.edges = edges.stream().map(int[]::clone).toArray(int[][]::new);
    this.rank = new int[size];
    breakCycles();
    rank(pinned);
    bend();
    order();
  }

  /** Item numbers, and −1 − d for the d-th bend. */
  List<List<Integer>> layers() {
    return layers.stream()
        .map(layer -> layer.stream().map(p -> p < size ? p : size - 1 - p).toList())
        .toList();
  }

  /** Bends of the given edge, top to bottom, numbered from 0. */
  List<Integer> bends(int edge) {
    return bends.get(edge).stream().map(p -> p - size).toList();
  }

  /** Turns the edges that close a cycle, found depth first. */
  private void breakCycles() {
    List<List<Integer>> out = adjacency(true);
    int[] state = new int[size];
    for (int root = 0; root < size; root++) {
      if (state[root] != 0) {
        continue;
      }
      Deque<int[]> path = new ArrayDeque<>();
      path.push(new int[] {root, 0});
      state[root] = 1;
      while (!path.isEmpty()) {
        int[] top = path.peek();
        if (top[1] == out.get(top[0]).size()) {
          state[top[0]] = 2;
          path.pop();
          continue;
        }
        int edge = out.get(top[0]).get(top[1]++);
        int to = edges[edge][1];
        if (state[to] == 1) {
          edges[edge] = new int[] {to, edges[edge][0]};
        } else if (state[to] == 0) {
          state[to] = 1;
          path.push(new int[] {to, 0});
        }
      }
    }
  }

  /** Numbers of the edges that leave (or enter) each item. */
  private List<List<Integer>> adjacency(boolean leaving) {
    List<List<Integer>> lists = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      lists.add(new ArrayList<>());
    }
    for (int e = 0; e < edges.length; e++) {
      lists.get(edges[e][leaving ? 0 : 1]).add(e);
    }
    return lists;
  }

  private void rank(boolean[] pinned) {
    List<List<Integer>> out = adjacency(true);
    int[] entering = new int[size];
    for (int[] edge : edges) {
      entering[edge[1]]++;
    }
    Deque<Integer> ready = new ArrayDeque<>();
    for (int i = 0; i < size; i++) {
      if (entering[i] == 0) {
        ready.add(i);
      }
    }
    List<Integer> order = new ArrayList<>();
    int[] left = entering.clone();
    while (!ready.isEmpty()) {
      int item = ready.poll();
      order.add(item);
      for (int edge : out.get(item)) {
        int to = edges[edge][1];
        rank[to] = Math.max(rank[to], rank[item] + 1);
        if (--left[to] == 0) {
          ready.add(to);
        }
      }
    }
    // Sources go down to their first reader: an edge is no longer than it must be.
    for (int i = order.size() - 1; i >= 0; i--) {
      int item = order.get(i);
      if (entering[item] == 0 && !pinned[item]) {
        rank[item] =
            Math.max(
                0, out.get(item).stream().mapToInt(e -> rank[edges[e][1]] - 1).min().orElse(0));
      }
    }
  }

  private void bend() {
    int depth = Arrays.stream(rank).max().orElse(0) + 1;
    for (int i = 0; i < depth; i++) {
      layers.add(new ArrayList<>());
    }
    for (int i = 0; i < size; i++) {
      layers.get(rank[i]).add(i);
    }
    points = size;
    for (int[] edge : edges) {
      List<Integer> chain = new ArrayList<>();
      int span = rank[edge[1]] - rank[edge[0]];
      for (int layer = rank[edge[0]] + 1; span <= LONGEST && layer < rank[edge[1]]; layer++) {
        layers.get(layer).add(points);
        chain.add(points++);
      }
      bends.add(chain);
    }
  }

  private void order() {
    List<List<Integer>> above = new ArrayList<>();
    List<List<Integer>> below = new ArrayList<>();
    for (int p = 0; p < points; p++) {
      above.add(new ArrayList<>());
      below.add(new ArrayList<>());
    }
    for (int e = 0; e < edges.length; e++) {
      int from = edges[e][0];
      for (int bend : bends.get(e)) {
        below.get(from).add(bend);
        above.get(bend).add(from);
        from = bend;
      }
      if (bends.get(e).isEmpty() && rank[edges[e][1]] - rank[edges[e][0]] > 1) {
        continue;
      }
      below.get(from).add(edges[e][1]);
      above.get(edges[e][1]).add(from);
    }
    double[] place = new double[points];
    layers.forEach(layer -> settle(layer, place));
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
      boolean down = sweep % 2 == 0;
      for (int i = 0; i < layers.size(); i++) {
        List<Integer> layer = layers.get(down ? i : layers.size() - 1 - i);
        List<List<Integer>> neighbours = down ? above : below;
        double[] wanted = new double[layer.size()];
        for (int k = 0; k < wanted.length; k++) {
          int point = layer.get(k);
          wanted[k] =
              neighbours.get(point).stream()
                  .mapToDouble(n -> place[n])
                  .average()
                  .orElse(place[point]);
        }
        List<Integer> at = new ArrayList<>();
        for (int k = 0; k < wanted.length; k++) {
          at.add(k);
        }
        at.sort(Comparator.comparingDouble(k -> wanted[k]));
        List<Integer> sorted = at.stream().map(layer::get).toList();
        layer.clear();
        layer.addAll(sorted);
        settle(layer, place);
      }
    }
  }

  /** Places from −½ to ½, so that layers of different lengths compare. */
  private static void settle(List<Integer> layer, double[] place) {
    for (int k = 0; k < layer.size(); k++) {
      place[layer.get(k)] = (k + 0.5) / layer.size() - 0.5;
    }
  }
}
