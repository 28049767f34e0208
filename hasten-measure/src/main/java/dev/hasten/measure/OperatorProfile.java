package dev.hasten.measure;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Where the time of a run goes, by ONNX Runtime's own profiler.
 *
 * <p>The profiler itself costs about a microsecond per node: the run here is slower than without
 * it.
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
   * @param inputs its tensors in the last run; constants that the runtime packed anew are missing
   * @param outputs what it made
   * @param order its place in a run, from 0
   */
  public record NodeTime(
      String node,
      String opType,
      Duration perRun,
      double share,
      List<TensorShape> inputs,
      List<TensorShape> outputs,
      int order) {
    /** Without shapes. */
    public NodeTime(String node, String opType, Duration perRun, double share) {
      this(node, opType, perRun, share, List.of(), List.of());
    }

    /** Its place in the run not known. */
    public NodeTime(
        String node,
        String opType,
        Duration perRun,
        double share,
        List<TensorShape> inputs,
        List<TensorShape> outputs) {
      this(node, opType, perRun, share, inputs, outputs, 0);
    }

    public NodeTime {
      inputs = List.copyOf(inputs);
      outputs = List.copyOf(outputs);
    }
  }

  /**
   * A tensor as it went through a node.
   *
   * @param type the runtime's name: {@code float}, {@code int8}, {@code int64}
   * @param dims its sizes
   */
  public record TensorShape(String type, List<Long> dims) {
    public TensorShape {
      dims = List.copyOf(dims);
    }

    /** How many elements. */
    public long size() {
      return dims.stream().reduce(1L, (a, b) -> a * b);
    }

    /** Bytes of one element. */
    public int elementBytes() {
      return switch (type) {
        case "double", "int64", "uint64" -> 8;
        case "float", "int32", "uint32" -> 4;
        case "float16", "bfloat16", "int16", "uint16" -> 2;
        default -> 1;
      };
    }
  }

  /**
   * Reads the file that {@code Session.endProfiling()} names.
   *
   * @param warmUpRuns runs at the head of the file to leave out
   * @throws dev.hasten.runtime.BadInputException if it is not such a file or holds no run beyond
   *     the warm-up
   */
  public static OperatorProfile read(Path profile, int warmUpRuns) {
    return ProfileReader.read(profile, warmUpRuns);
  }
}
