package dev.hasten.study;

import dev.hasten.measure.Row;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.PipelineSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The workload's own examples. */
final class WorkloadSource implements ProfileSource {
  private final Lab lab;
  private final Workload workload;

  WorkloadSource(Lab lab, Workload workload) {
    this.lab = lab;
    this.workload = workload;
  }

  @Override
  public Row row() {
    return workload.rows().getFirst();
  }

  @Override
  public List<Map<String, NdArray>> inputs(Row row) {
    return lab.inputs(row);
  }

  @Override
  public List<Integer> batches() {
    return lab.data().pipeline().batches() ? List.of(2, 4, 8) : List.of();
  }

  @Override
  public List<Integer> lengths() {
    return workload.pipeline() instanceof PipelineSpec.Text text
        ? Stream.of(16, 64, 128, 256).filter(n -> n <= text.maxLength()).toList()
        : List.of();
  }

  @Override
  public double elements(int length) {
    return Math.max(1, length);
  }

  /** Texts of natural length differ: they are no point of a cost model. */
  @Override
  public int natural() {
    return row().length();
  }

  @Override
  public Duration preprocessing(Row row) {
    List<List<Example>> examples = lab.data().examples(row);
    return Profiler.median(
        i -> lab.data().pipeline().encode(examples.get(i % examples.size())),
        Duration.ofMillis(500));
  }

  @Override
  public List<PaddingCost> lengthCosts(Path model, Duration perBatch) {
    return workload.pipeline() instanceof PipelineSpec.Text
        ? new PaddingMeter(lab.data(), row().threads()).measure(model, perBatch)
        : List.of();
  }

  @Override
  public double padding() {
    return workload.rows().stream().mapToDouble(r -> lab.data().padding(r)).max().orElse(0);
  }
}
