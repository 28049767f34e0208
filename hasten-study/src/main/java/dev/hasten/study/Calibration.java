package dev.hasten.study;

import dev.hasten.compress.Context;
import dev.hasten.measure.DataFormat;
import dev.hasten.measure.DataSpec;
import dev.hasten.measure.Dataset;
import dev.hasten.measure.Hardware;
import dev.hasten.measure.LabeledExample;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.InputPipeline;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import dev.hasten.runtime.TensorInfo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The examples that techniques may look at, as encoded batches. They are encoded when they are
 * asked for, so memory does not grow with their number.
 *
 * @param examples of the calibrate split
 * @param pipeline encodes them
 */
public record Calibration(List<Example> examples, InputPipeline pipeline)
    implements Iterable<Map<String, NdArray>>, AutoCloseable {
  private static final int BATCH = 16;
  private static final int MOST = 256;
  private static final String TOKENIZER = "tokenizer.json";

  /** Examples of like length share a batch, so that padding does not blur the ranges. */
  public Calibration {
    // Each is measured once: to know a text's length, it is cut into tokens.
    record Measured(Example example, int length) {}
    examples =
        examples.stream()
            .map(e -> new Measured(e, pipeline.length(e)))
            .sorted(Comparator.comparingInt(Measured::length))
            .map(Measured::example)
            .toList();
  }

  /** Reads the workload's data and opens its pipeline. */
  public static Calibration of(Workload workload) {
    List<TensorInfo> inputs;
    try (Session session = Backend.cpu().open(workload.model(), SessionOptions.defaults())) {
      inputs = session.inputs();
    }
    // Split as a study splits them: it must calibrate on the same.
    List<Example> examples =
        workload.splitter().split(Data.joined(workload.data())).calibrate().stream()
            .map(LabeledExample::example)
            .toList();
    return new Calibration(
        examples, InputPipeline.open(workload.pipeline(), workload.folder(), inputs));
  }

  /**
   * Data without a workload: the model's inputs by name, as raw tensors; or texts in the field
   * {@code text}, where the model takes tokens and its {@code tokenizer.json} lies beside it.
   *
   * @param data in a format that its name tells; no more than {@value #MOST} examples are read
   * @throws BadInputException if the data do not fit the model's inputs or there are none
   */
  public static Calibration of(Path model, Path data) {
    if (Files.notExists(data)) {
      throw new BadInputException(data + ": no such file (expected: calibration data)");
    }
    List<TensorInfo> inputs;
    try (Session session = Backend.cpu().open(model, SessionOptions.defaults())) {
      inputs = session.inputs();
    }
    List<String> names = inputs.stream().map(TensorInfo::name).toList();
    Path folder = Objects.requireNonNull(model.toAbsolutePath().getParent());
    boolean text = names.contains("input_ids") && Files.exists(folder.resolve(TOKENIZER));
    boolean arrays = DataFormat.of(data) == DataFormat.NPZ;
    PipelineSpec spec =
        text && !arrays ? PipelineSpec.Text.of(TOKENIZER) : new PipelineSpec.Tensors(true);
    DataSpec source =
        text && !arrays
            ? DataSpec.text(data, "text")
            : DataSpec.tensors(data, names.toArray(String[]::new));
    List<Example> examples =
        Dataset.open(source.withLimit(MOST)).stream().map(LabeledExample::example).toList();
    if (examples.isEmpty()) {
      throw new BadInputException(data + ": holds no example (expected: some to calibrate on)");
    }
    return new Calibration(examples, InputPipeline.open(spec, folder, inputs));
  }

  /** What techniques get to know of the workload and this machine. */
  public Context context() {
    return Context.of(Hardware.detect()).withCalibration(this);
  }

  @Override
  public java.util.Iterator<Map<String, NdArray>> iterator() {
    return Data.batches(pipeline, examples, BATCH).stream().map(pipeline::encode).iterator();
  }

  @Override
  public void close() {
    pipeline.close();
  }
}
