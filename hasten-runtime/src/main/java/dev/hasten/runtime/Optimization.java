package dev.hasten.runtime;

/** How much the backend may rewrite the graph when it opens a model. */
public enum Optimization {
  NONE,
  BASIC,
  EXTENDED,
  ALL
}
