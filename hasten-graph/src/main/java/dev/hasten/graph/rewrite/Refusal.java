package dev.hasten.graph.rewrite;

/**
 * One thing that was not changed though it looked like it could be.
 *
 * @param rule name of the rule or technique that refused
 * @param node name of the node that it refused at, or of the model where the reason concerns all of
 *     it
 * @param reason why, for people: {@code "needs opset 17, the model has 11"}
 */
public record Refusal(String rule, String node, String reason) {}
