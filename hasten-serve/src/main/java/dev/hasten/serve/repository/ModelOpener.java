package dev.hasten.serve.repository;

import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.Batcher;
import dev.hasten.runtime.BatcherOptions;
import dev.hasten.runtime.Bundle;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.runtime.TensorInfo;
import dev.hasten.runtime.Tuning;
import dev.hasten.serve.protocol.Datatype;
import dev.hasten.serve.wire.ModelConfig;
import dev.hasten.serve.wire.ModelDynamicBatching;
import dev.hasten.serve.wire.ModelInput;
import dev.hasten.serve.wire.ModelOutput;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Opens one version of a model, a bundle or a plain ONNX file, and warms it up. */
final class ModelOpener {
  private static final String REPORT = "report.html";

  private final BatcherOptions options;

  ModelOpener(BatcherOptions options) {
    this.options = options;
  }

  /**
   * @throws BadInputException if it is neither a bundle nor a folder with a {@code model.onnx}, is
   *     damaged, or fails its warm-up
   */
  Slot open(String name, String version, ModelFiles.Version files) {
    if (files.problem().isPresent()) {
      throw new BadInputException(files.problem().get());
    }
    Statistics statistics = new Statistics();
    Batcher batcher = batcher(files.path(), options.withListener(statistics));
    try {
      List<String> warnings = new ArrayList<>(batcher.warnings());
      WarmUp.of(batcher).run().ifPresent(warnings::add);
      statistics.begin();
      Path report = files.path().resolve(REPORT);
      ServedModel served =
          new ServedModel(
              name,
              version,
              batcher,
              statistics,
              config(name, batcher),
              Files.isRegularFile(report) ? Optional.of(report) : Optional.empty(),
              warnings);
      return new Slot(served, batcher);
    } catch (RuntimeException | Error e) {
      batcher.close();
      throw e;
    }
  }

  private static Batcher batcher(Path path, BatcherOptions options) {
    Path model = path.resolve(Bundle.MODEL);
    if (Files.isRegularFile(path) || Files.isRegularFile(path.resolve(Bundle.MANIFEST))) {
      return Batcher.open(path, options);
    }
    if (!Files.isRegularFile(model)) {
      throw new BadInputException(path + ": neither a bundle nor a folder with a " + Bundle.MODEL);
    }
    return Batcher.openModel(model, new PipelineSpec.Tensors(true), Tuning.defaults(), options);
  }

  /** The configuration that a client of Triton would find. */
  private static ModelConfig config(String name, Batcher batcher) {
    boolean batches = isBatch(batcher.inputs()) && isBatch(batcher.outputs());
    ModelConfig.Builder config =
        ModelConfig.newBuilder()
            .setName(name)
            .setPlatform("onnxruntime_onnx")
            .setBackend("onnxruntime")
            .setDefaultModelFilename(Bundle.MODEL)
            .setMaxBatchSize(batches ? batcher.tuning().maxBatch() : 0);
    if (batches) {
      config.setDynamicBatching(ModelDynamicBatching.getDefaultInstance());
    }
    for (TensorInfo input : batcher.inputs()) {
      config.addInput(
          ModelInput.newBuilder()
              .setName(input.name())
              .setDataType(Datatype.of(input.type()).config())
              .addAllDims(dims(input, batches)));
    }
    for (TensorInfo output : batcher.outputs()) {
      config.addOutput(
          ModelOutput.newBuilder()
              .setName(output.name())
              .setDataType(Datatype.of(output.type()).config())
              .addAllDims(dims(output, batches)));
    }
    return config.build();
  }

  /** Whether each has a first axis that may vary. */
  private static boolean isBatch(List<TensorInfo> tensors) {
    return tensors.stream().allMatch(t -> t.rank() > 0 && t.shape().getFirst() < 0);
  }

  /** Where the server batches, a configuration leaves the batch axis out. */
  private static List<Long> dims(TensorInfo info, boolean batches) {
    return batches ? info.shape().subList(1, info.rank()) : info.shape();
  }
}
