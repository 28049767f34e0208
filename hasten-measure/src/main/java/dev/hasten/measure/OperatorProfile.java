package dev.hasten.measure;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Where the time of a run goes, by ONNX Runtime's own profiler.
 *
 * @param runs how many runs were averaged, warm-up excluded
 * @param run mean time of a whole run
 * @param operators time per operator type, dearest first
 * @param nodes time per node, dearest first
 */
public record OperatorProfile(
    int runs, Duration run, List<OperatorTime> operators, List<NodeTime> nodes) {
  public OperatorProfile {
    operators = List.copyOf(operators);
    nodes = List.copyOf(nodes);
  }

  /**
   * All nodes of one type.
   *
   * @param opType the operator as the runtime executed it, after its own fusions
   * @param nodes how many nodes
   * @param perRun their mean time in a run
   * @param share of the time of all operators, 0 to 1
   */
  public record OperatorTime(String opType, int nodes, Duration perRun, double share) {}

  /**
   * One node.
   *
   * @param node its name in the optimized graph: the runtime renames what it fuses
   * @param opType its operator
   * @param perRun its mean time in a run
   * @param share of the time of all operators, 0 to 1
   */
  public record NodeTime(String node, String opType, Duration perRun, double share) {}

  /**
   * Reads the file that {@code Session.endProfiling()} names.
   *
   * @param warmUpRuns runs at the head of the file to leave out
   */
  public static OperatorProfile read(Path profile, int warmUpRuns) {
    throw new UnsupportedOperationException();
  }
}
