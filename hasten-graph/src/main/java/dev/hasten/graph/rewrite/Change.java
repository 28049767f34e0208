package dev.hasten.graph.rewrite;

/**
 * One thing that was changed.
 *
 * @param rule name of the rule or technique that changed it
 * @param node name of the node that it was found at, as in the model before
 * @param what what was done, for people: {@code "Div, Erf, Add, Mul, Mul become Gelu"}
 */
public record Change(String rule, String node, String what) {}
