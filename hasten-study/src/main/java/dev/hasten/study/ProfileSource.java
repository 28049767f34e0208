package dev.hasten.study;

import dev.hasten.measure.Row;
import dev.hasten.runtime.NdArray;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Where a profile's inputs come from: the workload's data, or made up. */
interface ProfileSource {
  /** The row that is profiled. */
  Row row();

  /** Encoded calls of a row; at least one. */
  List<Map<String, NdArray>> inputs(Row row);

  /** Batches to measure besides the row's own, smallest first; empty if they are fixed. */
  List<Integer> batches();

  /** Lengths to measure besides the row's own, shortest first; empty if they are fixed. */
  List<Integer> lengths();

  /** What a length amounts to in the cost model: tokens, pixels. */
  double elements(int length);

  /** Length, in the unit of {@link #lengths}, of the row's own calls; 0 where it has none. */
  int natural();

  /** Median time of the input pipeline for a call. */
  Duration preprocessing(Row row);

  /** What padding costs and grouping saves; empty where examples have one length. */
  default List<PaddingCost> lengthCosts(Path model, Duration perBatch) {
    return List.of();
  }

  /** Share of the row's elements that is padding. */
  double padding();
}
