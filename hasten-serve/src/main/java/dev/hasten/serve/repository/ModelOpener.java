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
import java.util.List;
import java.util.Optional;

/** Opens one version of a model: a bundle, or a plain ONNX file. */
final class ModelOpener {
  private static final String REPORT = "report.html";

  private final BatcherOptions options;

  ModelOpener(BatcherOptions options) {
    this.options = options;
  }

  /**
   * @param path a bundle's folder or zip, or a folder with a {@code model.onnx}
   * @throws BadInputException if it is neither, or damaged
   */
  Slot open(String name, String version, Path path) {
    Statistics statistics = new Statistics();
    BatcherOptions listened = options.withListener(statistics);
    Path model = path.resolve(Bundle.MODEL);
    boolean bundle =
        Files.isRegularFile(path) || Files.isRegularFile(path.resolve(Bundle.MANIFEST));
    if (!bundle && !Files.isRegularFile(model)) {
      throw new BadInputException(path + ": neither a bundle nor a folder with a " + Bundle.MODEL);
    }
    Batcher batcher =
        bundle
            ? Batcher.open(path, listened)
            : Batcher.openModel(model, new PipelineSpec.Tensors(true), Tuning.defaults(), listened);
    Path report = path.resolve(REPORT);
    ServedModel served =
        new ServedModel(
            name,
            version,
            batcher,
            statistics,
            config(name, batcher),
            Files.isRegularFile(report) ? Optional.of(report) : Optional.empty());
    return new Slot(served, batcher);
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
