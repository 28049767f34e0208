package dev.hasten.study.blocks;

import java.time.Duration;

/**
 * What a block costs.
 *
 * @param name the block; {@code (other)} for all nodes outside of any
 * @param family what it is one of; empty for {@code (other)}
 * @param nodes how many of the model's nodes
 * @param parameters in its weights, shared ones counted in the first block that uses them
 * @param perRun mean time in a run
 * @param share of the time of all nodes, 0 to 1
 */
public record BlockCost(
    String name, String family, int nodes, long parameters, Duration perRun, double share) {}
