package dev.hasten.study;

import dev.hasten.measure.CostModel;
import dev.hasten.study.blocks.Activations;
import dev.hasten.study.blocks.BlockCost;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a profile of one model holds beyond what a study keeps.
 *
 * @param generated whether the inputs were made up
 * @param inputs how each input was made; empty for a workload's data
 * @param warnings guesses among them
 * @param blocks the model's repeated parts and what they cost, the rest last; empty if nothing
 *     repeats
 * @param activations memory for intermediate results
 * @param memory measured in a process of its own; null if that failed or was not asked
 * @param cost time by batch and length; null where too little can be varied
 * @param costUnit what a unit of length is: {@code tokens}, {@code pixels}
 * @param nodeTimes mean time in a run, in microseconds, by the model's own nodes, as far as the
 *     runtime kept their names
 */
public record ProfileDetail(
    boolean generated,
    List<InputLine> inputs,
    List<String> warnings,
    List<BlockCost> blocks,
    Activations activations,
    @Nullable Memory memory,
    @Nullable CostModel cost,
    String costUnit,
    Map<String, Double> nodeTimes) {
  public ProfileDetail {
    inputs = List.copyOf(inputs);
    warnings = List.copyOf(warnings);
    blocks = List.copyOf(blocks);
    nodeTimes = Map.copyOf(nodeTimes);
  }

  /** An input as it was made. */
  public record InputLine(String name, String type, List<Long> shape, String values) {}

  /**
   * A process of its own.
   *
   * @param modelBytes that loading and running the model added
   * @param load time to open it
   */
  public record Memory(long modelBytes, Duration load) {}
}
