package dev.hasten.graph.rewrite;

/**
 * One way to rewrite a graph around a node: a small stateless class that is named after what it
 * does.
 */
public interface Rule {
  /** The rule's name in reports and recipes, for example {@code fuse-layer-normalization}. */
  String name();
}
