package dev.hasten.measure;

import java.time.Duration;

/**
 * How long and how carefully to measure.
 *
 * @param budgetPerRow time for one row, all subjects together, warm-up included
 * @param minBlocks a row takes at least this many blocks, even past its budget
 * @param maxBlocks and at most this many
 * @param confidence of the intervals
 * @param seed of the order and of the bootstrap
 */
public record SpeedOptions(
    Duration budgetPerRow, int minBlocks, int maxBlocks, double confidence, long seed) {
  /** Ten seconds a row, 15 to 2,000 blocks, 95 %. */
  public static SpeedOptions defaults() {
    return new SpeedOptions(Duration.ofSeconds(10), 15, 2_000, 0.95, 7);
  }

  /** The same with another budget. */
  public SpeedOptions withBudgetPerRow(Duration budget) {
    return new SpeedOptions(budget, minBlocks, maxBlocks, confidence, seed);
  }

  /** The same with other numbers of blocks. */
  public SpeedOptions withBlocks(int min, int max) {
    return new SpeedOptions(budgetPerRow, min, max, confidence, seed);
  }

  /** The same with another seed. */
  public SpeedOptions withSeed(long seed) {
    return new SpeedOptions(budgetPerRow, minBlocks, maxBlocks, confidence, seed);
  }
}
