package dev.hasten.study.picture;

import dev.hasten.graph.Model;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A model, ready to be drawn.
 *
 * @param title the file's name
 * @param facts about the whole, for people
 * @param nodes all, those of subgraphs included
 * @param values what flows between them, weights apart
 * @param groups the first is the whole graph
 * @param timed whether nodes know their time
 */
public record Picture(
    String title,
    List<String> facts,
    List<PictureNode> nodes,
    List<PictureValue> values,
    List<PictureGroup> groups,
    boolean timed) {
  public Picture {
    facts = List.copyOf(facts);
    nodes = List.copyOf(nodes);
    values = List.copyOf(values);
    groups = List.copyOf(groups);
  }

  /**
   * Draws up a model.
   *
   * @param title to show
   * @param micros time of nodes by name, in microseconds; empty if not measured
   */
  public static Picture of(Model model, String title, Map<String, Double> micros) {
    return new PictureBuilder(model, title, micros).build();
  }

  /**
   * A node.
   *
   * @param kind what sort of operator: the colour
   * @param in places of its inputs among the values
   * @param out likewise of its outputs
   * @param attributes for people
   * @param weights constant inputs
   * @param bytes of the weights that no node before it uses
   * @param micros mean time in a run; null if not known
   */
  public record PictureNode(
      String name,
      String op,
      String kind,
      List<Integer> in,
      List<Integer> out,
      List<String> attributes,
      List<PictureWeight> weights,
      long bytes,
      @Nullable Double micros) {
    public PictureNode {
      in = List.copyOf(in);
      out = List.copyOf(out);
      attributes = List.copyOf(attributes);
      weights = List.copyOf(weights);
    }
  }

  /** A constant input: its name, and type and sizes as text. */
  public record PictureWeight(String name, String type, long bytes) {}

  /**
   * A value.
   *
   * @param type type and shape: {@code float[batch,384]}
   * @param from the node that makes it; −1 for an input of the model
   * @param to the nodes that read it
   */
  public record PictureValue(String name, String type, int from, List<Integer> to) {
    public PictureValue {
      to = List.copyOf(to);
    }
  }

  /**
   * Nodes drawn as one until opened.
   *
   * @param family what alike groups share; empty if it is one of its own
   * @param node the node whose subgraphs it holds; −1 otherwise
   * @param nodes how many it holds, at any depth
   * @param items what it holds itself
   * @param edges between items
   * @param layers items from top to bottom, each layer from left to right; −1 − d is the d-th bend
   */
  public record PictureGroup(
      String name,
      String family,
      int node,
      int nodes,
      List<PictureItem> items,
      List<PictureEdge> edges,
      List<List<Integer>> layers) {
    public PictureGroup {
      items = List.copyOf(items);
      edges = List.copyOf(edges);
      layers = layers.stream().map(List::copyOf).toList();
    }
  }

  /** A node, a group, or a value that comes in or goes out; its place in the list of those. */
  public record PictureItem(Kind kind, int ref) {
    /** What it is. */
    public enum Kind {
      NODE,
      GROUP,
      IN,
      OUT
    }
  }

  /**
   * An edge within a group.
   *
   * @param from item
   * @param to item
   * @param values carried
   * @param bends in the layers between, from top to bottom; empty also where it is too long for any
   */
  public record PictureEdge(int from, int to, List<Integer> values, List<Integer> bends) {
    public PictureEdge {
      values = List.copyOf(values);
      bends = List.copyOf(bends);
    }
  }
}
