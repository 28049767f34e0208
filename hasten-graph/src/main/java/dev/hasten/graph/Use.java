package dev.hasten.graph;

/**
 * One consumption of a value: {@code node.inputs().get(input)}. The node may live in a subgraph
 * that captures the value from outside.
 */
public record Use(Node node, int input) {}
