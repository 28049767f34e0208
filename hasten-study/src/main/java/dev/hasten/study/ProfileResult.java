package dev.hasten.study;

import dev.hasten.measure.OperatorProfile;
import dev.hasten.measure.Peaks;
import dev.hasten.measure.Placement;
import dev.hasten.measure.Row;
import java.time.Duration;
import java.util.List;

/**
 * Where the time of a model goes.
 *
 * @param model file name
 * @param row the row that was profiled
 * @param latency median time of a call at that row, without the profiler, pre-processing excluded
 * @param preprocessing median time of the input pipeline (tokenizer, padding) for the same call
 * @param operators per operator type and node
 * @param placements nodes under the roofline, dearest first
 * @param peaks what the machine can do
 * @param scaling the same row at other thread counts, batches and lengths
 * @param parameters numbers in the weights
 * @param weightBytes their bytes
 * @param flops operations of one call at the row; 0 if unknown
 * @param padding share of the tokens at the natural rows that are padding; 0 for tensors
 * @param lengths what padding costs and grouping by length saves, by batch; empty for tensors, and
 *     where it was not measured
 */
public record ProfileResult(
    String model,
    Row row,
    Duration latency,
    Duration preprocessing,
    OperatorProfile operators,
    List<Placement> placements,
    Peaks peaks,
    List<Scaling> scaling,
    long parameters,
    long weightBytes,
    double flops,
    double padding,
    List<PaddingCost> lengths) {
  /** Without a look at padding. */
  public ProfileResult(
      String model,
      Row row,
      Duration latency,
      Duration preprocessing,
      OperatorProfile operators,
      List<Placement> placements,
      Peaks peaks,
      List<Scaling> scaling,
      long parameters,
      long weightBytes,
      double flops,
      double padding) {
    this(
        model,
        row,
        latency,
        preprocessing,
        operators,
        placements,
        peaks,
        scaling,
        parameters,
        weightBytes,
        flops,
        padding,
        List.of());
  }

  public ProfileResult {
    placements = List.copyOf(placements);
    scaling = List.copyOf(scaling);
    // Journals of before have none.
    lengths = lengths == null ? List.of() : List.copyOf(lengths);
  }

  /** Share of pre-processing in the time of a whole call, 0 to 1. */
  public double preprocessingShare() {
    double pre = preprocessing.toNanos();
    return pre == 0 ? 0 : pre / (pre + latency.toNanos());
  }

  /**
   * One more row.
   *
   * @param row batch, length, threads
   * @param latency median time of a call
   * @param examplesPerSecond throughput of one caller
   */
  public record Scaling(Row row, Duration latency, double examplesPerSecond) {}
}
