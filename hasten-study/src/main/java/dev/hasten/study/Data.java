package dev.hasten.study;

import dev.hasten.measure.DataSpec;
import dev.hasten.measure.Dataset;
import dev.hasten.measure.LabeledExample;
import dev.hasten.measure.Row;
import dev.hasten.measure.Split;
import dev.hasten.measure.Splits;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.InputPipeline;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.runtime.TensorInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The workload's examples, split, and batches made of them. */
final class Data implements AutoCloseable {
  /** Batches prepared per row: enough that no cache holds the answer, few enough to be quick. */
  private static final int BATCHES = 24;

  private static final String NO_LENGTH = "a row has a length, but the examples are ";

  private final Workload workload;
  private final List<TensorInfo> modelInputs;
  private final Splits splits;
  private final InputPipeline pipeline;

  Data(Workload workload, List<TensorInfo> modelInputs) {
    this.workload = workload;
    this.modelInputs = modelInputs;
    this.splits = workload.splitter().split(joined(workload.data()));
    this.pipeline = InputPipeline.open(workload.pipeline(), workload.folder(), modelInputs);
  }

  /** All examples of several files, one after the other, to be split together. */
  static Dataset joined(List<DataSpec> specs) {
    if (specs.size() == 1) {
      return Dataset.open(specs.getFirst());
    }
    List<Dataset> parts = specs.stream().map(Dataset::open).toList();
    return new Dataset() {
      @Override
      public String name() {
        return String.join(" + ", parts.stream().map(Dataset::name).toList());
      }

      @Override
      public Stream<LabeledExample> stream() {
        return parts.stream().flatMap(Dataset::stream);
      }
    };
  }

  Splits splits() {
    return splits;
  }

  InputPipeline pipeline() {
    return pipeline;
  }

  /** The first {@code most} examples of a split: a uniform sample of it. */
  List<LabeledExample> first(Split split, int most) {
    List<LabeledExample> all = splits.of(split);
    return all.subList(0, Math.min(most, all.size()));
  }

  /** What techniques may look at. */
  Calibration calibration() {
    return new Calibration(
        splits.calibrate().stream().map(LabeledExample::example).toList(), pipeline);
  }

  /** Examples in groups that may share a run, in their order. */
  List<List<Example>> batches(List<LabeledExample> examples, int size) {
    return batches(pipeline, examples.stream().map(LabeledExample::example).toList(), size);
  }

  /** Examples in groups that may share a run, in their order. */
  static List<List<Example>> batches(InputPipeline pipeline, List<Example> examples, int size) {
    int most = Math.min(size, pipeline.mostAtOnce());
    List<List<Example>> batches = new ArrayList<>();
    List<Example> batch = new ArrayList<>();
    String group = "";
    for (Example example : examples) {
      String own = pipeline.group(example);
      if (batch.size() == most || (!batch.isEmpty() && !own.equals(group))) {
        batches.add(List.copyOf(batch));
        batch.clear();
      }
      batch.add(example);
      group = own;
    }
    if (!batch.isEmpty()) {
      batches.add(List.copyOf(batch));
    }
    return batches;
  }

  /** Raw examples for the calls of a row, whole batches only. */
  List<List<Example>> examples(Row row) {
    List<LabeledExample> source = splits.validate();
    List<List<Example>> batches = new ArrayList<>();
    int next = 0;
    for (int b = 0; b < BATCHES; b++) {
      List<Example> batch = new ArrayList<>();
      if (row.length() == 0) {
        next = fill(batch, row.batch(), next);
      }
      while (batch.size() < row.batch()) {
        StringBuilder text = new StringBuilder(text(source.get(next++ % source.size()).example()));
        while (pipeline.length(Example.text(text.toString())) < wanted(row)) {
          text.append(' ').append(text(source.get(next++ % source.size()).example()));
        }
        batch.add(Example.text(text.toString()));
      }
      batches.add(batch);
    }
    return batches;
  }

  /**
   * Fills a batch with the first example from {@code next} on and those after it that may share its
   * run, from the start again where they end.
   *
   * @return where the next batch begins
   */
  private int fill(List<Example> batch, int size, int next) {
    List<LabeledExample> source = splits.validate();
    Example first = source.get(next % source.size()).example();
    String group = pipeline.group(first);
    batch.add(first);
    int from = next + 1;
    for (int at = from; batch.size() < size; at++) {
      Example example = source.get(at % source.size()).example();
      if (pipeline.group(example).equals(group)) {
        batch.add(example);
        from = at + 1;
      }
    }
    return from;
  }

  /** Encoded batches for the calls of a row. */
  List<Map<String, NdArray>> inputs(Row row) {
    if (row.length() == 0) {
      return examples(row).stream().map(pipeline::encode).toList();
    }
    PipelineSpec.Text text = (PipelineSpec.Text) workload.pipeline();
    PipelineSpec cut = text.withMaxLength(row.length());
    try (InputPipeline exact = InputPipeline.open(cut, workload.folder(), modelInputs)) {
      return examples(row).stream().map(exact::encode).toList();
    }
  }

  /** Share of the tokens in a row's batches that is padding. */
  double padding(Row row) {
    if (row.length() > 0 || !(workload.pipeline() instanceof PipelineSpec.Text)) {
      return 0;
    }
    double tokens = 0;
    double cells = 0;
    for (List<Example> batch : examples(row)) {
      int longest = 0;
      for (Example example : batch) {
        int length = pipeline.length(example);
        tokens += length;
        longest = Math.max(longest, length);
      }
      cells += (double) longest * batch.size();
    }
    return cells == 0 ? 0 : 1 - tokens / cells;
  }

  private int wanted(Row row) {
    return Math.min(
        row.length(),
        workload.pipeline() instanceof PipelineSpec.Text t ? t.maxLength() : row.length());
  }

  private static String text(Example example) {
    return switch (example) {
      case Example.Text(String text) -> text;
      case Example.Tensors t -> throw new BadInputException(NO_LENGTH + "tensors");
      case Example.Image i -> throw new BadInputException(NO_LENGTH + "images");
      case Example.Audio a -> throw new BadInputException(NO_LENGTH + "recordings");
      case Example.Row r -> throw new BadInputException(NO_LENGTH + "rows");
    };
  }

  @Override
  public void close() {
    pipeline.close();
  }
}
