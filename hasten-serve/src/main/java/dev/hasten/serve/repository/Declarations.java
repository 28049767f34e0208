package dev.hasten.serve.repository;

import dev.hasten.runtime.Bundle;
import dev.hasten.runtime.TensorInfo;
import dev.hasten.serve.protocol.Datatype;
import dev.hasten.serve.wire.DataType;
import dev.hasten.serve.wire.ModelConfig;
import dev.hasten.serve.wire.ModelDynamicBatching;
import dev.hasten.serve.wire.ModelInput;
import dev.hasten.serve.wire.ModelOutput;
import dev.hasten.serve.wire.ModelTensorReshape;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Holds what a configuration says of tensors against the model, and completes it. */
final class Declarations {
  private final List<TensorInfo> inputs;
  private final List<TensorInfo> outputs;
  private final boolean batches;

  /**
   * @param batches whether requests share runs; else no axis is left out of a configuration
   */
  Declarations(List<TensorInfo> inputs, List<TensorInfo> outputs, boolean batches) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.batches = batches;
  }

  /** Whether each has a first axis that may vary. */
  static boolean batch(List<TensorInfo> inputs, List<TensorInfo> outputs) {
    return free(inputs) && free(outputs);
  }

  private static boolean free(List<TensorInfo> tensors) {
    return tensors.stream().allMatch(t -> t.rank() > 0 && t.shape().getFirst() < 0);
  }

  /**
   * @throws dev.hasten.runtime.BadInputException if the model is another than the configuration
   *     describes
   */
  void check(TritonConfig asked) {
    if (asked.config().getMaxBatchSize() > 0) {
      List<TensorInfo> all = new ArrayList<>(inputs);
      all.addAll(outputs);
      all.stream()
          .filter(tensor -> !free(List.of(tensor)))
          .findFirst()
          .ifPresent(tensor -> {
            throw asked.fault(
                "max_batch_size: %d, but %s has no first axis that may vary (expected: 0, or a model"
                        .formatted(asked.config().getMaxBatchSize(), tensor)
                    + " with a batch axis)");
          });
    }
    for (ModelInput input : asked.config().getInputList()) {
      check(
          asked,
          "input",
          input.getName(),
          input.getDataType(),
          shape(
              asked, input.getName(), input.getDimsList(), input.hasReshape(), input.getReshape()),
          inputs);
    }
    for (ModelOutput output : asked.config().getOutputList()) {
      check(
          asked,
          "output",
          output.getName(),
          output.getDataType(),
          shape(
              asked,
              output.getName(),
              output.getDimsList(),
              output.hasReshape(),
              output.getReshape()),
          outputs);
    }
    if (asked.config().getInputCount() > 0) {
      Set<String> declared =
          asked.config().getInputList().stream()
              .map(ModelInput::getName)
              .collect(Collectors.toCollection(HashSet::new));
      for (TensorInfo input : inputs) {
        if (!declared.contains(input.name())) {
          throw asked.fault("input '%s' of the model is missing in it".formatted(input.name()));
        }
      }
    }
  }

  /** What the model sees. */
  private static List<Long> shape(
      TritonConfig asked,
      String name,
      List<Long> dims,
      boolean reshaped,
      ModelTensorReshape reshape) {
    if (!reshaped) {
      return dims;
    }
    List<Long> shape = reshape.getShapeList();
    boolean open = dims.stream().anyMatch(n -> n < 0) || shape.stream().anyMatch(n -> n < 0);
    boolean one = shape.stream().filter(n -> n < 0).count() <= 1;
    if (open ? !one : elements(dims) != elements(shape)) {
      throw asked.fault(
          "tensor '%s': dims %s, reshape %s (expected: as many elements, and one -1 at most)"
              .formatted(name, dims, shape));
    }
    return shape;
  }

  private static long elements(List<Long> shape) {
    return shape.stream().reduce(1L, (a, b) -> a * b);
  }

  private void check(
      TritonConfig asked,
      String kind,
      String name,
      DataType type,
      List<Long> dims,
      List<TensorInfo> model) {
    TensorInfo found =
        model.stream()
            .filter(tensor -> tensor.name().equals(name))
            .findFirst()
            .orElseThrow(() ->
                asked.fault(
                    "%s '%s': the model has none of that name (it has: %s)"
                        .formatted(kind, name, model.stream().map(TensorInfo::name).toList())));
    DataType own = Datatype.of(found.type()).config();
    if (type != own) {
      throw asked.fault("%s '%s': %s (the model has %s)".formatted(kind, name, type, own));
    }
    List<Long> wanted = dims(found);
    boolean fits = wanted.size() == dims.size();
    for (int i = 0; fits && i < wanted.size(); i++) {
      // What either leaves open, the other may fix.
      fits = wanted.get(i).equals(dims.get(i)) || wanted.get(i) < 0 || dims.get(i) < 0;
    }
    if (!fits) {
      throw asked.fault(
          "%s '%s': dims %s (the model has %s%s)"
              .formatted(kind, name, dims, wanted, batches ? " behind the batch axis" : ""));
    }
  }

  /** Where the server batches, a configuration leaves the batch axis out. */
  private List<Long> dims(TensorInfo info) {
    return batches ? info.shape().subList(1, info.rank()) : info.shape();
  }

  /** The configuration that a client of Triton would find. */
  ModelConfig complete(String name, int maxBatch, Optional<TritonConfig> asked) {
    ModelConfig.Builder config =
        asked.map(TritonConfig::config).orElse(ModelConfig.getDefaultInstance()).toBuilder()
            .setName(name)
            .setPlatform("onnxruntime_onnx")
            .setBackend("onnxruntime")
            .setMaxBatchSize(batches ? maxBatch : 0);
    if (config.getDefaultModelFilename().isEmpty()) {
      config.setDefaultModelFilename(Bundle.MODEL);
    }
    if (batches && !config.hasDynamicBatching()) {
      config.setDynamicBatching(ModelDynamicBatching.getDefaultInstance());
    }
    if (config.getInputCount() == 0) {
      for (TensorInfo input : inputs) {
        config.addInput(
            ModelInput.newBuilder()
                .setName(input.name())
                .setDataType(Datatype.of(input.type()).config())
                .addAllDims(dims(input)));
      }
    }
    if (config.getOutputCount() == 0) {
      for (TensorInfo output : outputs) {
        config.addOutput(
            ModelOutput.newBuilder()
                .setName(output.name())
                .setDataType(Datatype.of(output.type()).config())
                .addAllDims(dims(output)));
      }
    }
    return config.build();
  }
}
