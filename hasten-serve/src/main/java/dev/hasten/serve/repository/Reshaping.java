package dev.hasten.serve.repository;

import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.TensorInfo;
import dev.hasten.serve.protocol.ProtocolException;
import dev.hasten.serve.wire.ModelConfig;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Between the shapes that a configuration shows to clients ({@code dims}) and those that the model
 * has ({@code reshape}).
 */
final class Reshaping {
  private final Map<String, List<Long>> inputs = new HashMap<>();
  private final Map<String, List<Long>> outputs = new HashMap<>();
  private final Map<String, List<Long>> shown = new HashMap<>();
  private final boolean batches;

  /**
   * @param batches whether a first axis, the batch, is in none of the shapes
   */
  Reshaping(ModelConfig config, boolean batches) {
    this.batches = batches;
    config.getInputList().stream()
        .filter(input -> input.hasReshape())
        .forEach(input -> {
          inputs.put(input.getName(), input.getReshape().getShapeList());
          shown.put(input.getName(), input.getDimsList());
        });
    config.getOutputList().stream()
        .filter(output -> output.hasReshape())
        .forEach(output -> {
          outputs.put(output.getName(), output.getDimsList());
          shown.put(output.getName(), output.getDimsList());
        });
  }

  /** A tensor as clients see it. */
  TensorInfo shown(TensorInfo model) {
    List<Long> dims = shown.get(model.name());
    if (dims == null) {
      return model;
    }
    List<Long> shape = new java.util.ArrayList<>(dims);
    if (batches) {
      shape.addFirst(-1L);
    }
    return new TensorInfo(model.name(), model.type(), shape, List.of());
  }

  /**
   * What the model is given.
   *
   * @throws ProtocolException if a tensor has not as many elements as its shape asks for
   */
  Map<String, NdArray> in(Map<String, NdArray> tensors) {
    return reshaped(tensors, inputs);
  }

  /** What the client is given. */
  Map<String, NdArray> out(Map<String, NdArray> tensors) {
    return reshaped(tensors, outputs);
  }

  private Map<String, NdArray> reshaped(
      Map<String, NdArray> tensors, Map<String, List<Long>> shapes) {
    if (shapes.isEmpty()) {
      return tensors;
    }
    Map<String, NdArray> all = new LinkedHashMap<>(tensors);
    shapes.forEach(
        (name, shape) -> all.computeIfPresent(name, (n, tensor) -> reshaped(name, tensor, shape)));
    return all;
  }

  private NdArray reshaped(String name, NdArray tensor, List<Long> shape) {
    int first = batches ? 1 : 0;
    if (tensor.rank() < first) {
      throw ProtocolException.invalid(
          "tensor '%s': %s (expected: a batch axis first)".formatted(name, tensor));
    }
    long[] to = new long[first + shape.size()];
    long known = 1;
    int open = -1;
    for (int axis = 0; axis < to.length; axis++) {
      to[axis] = axis < first ? tensor.dimension(0) : shape.get(axis - first);
      if (to[axis] < 0) {
        open = axis;
      } else {
        known *= to[axis];
      }
    }
    if (open >= 0 && known > 0) {
      to[open] = tensor.size() / known;
      known *= to[open];
    }
    if (known != tensor.size()) {
      throw ProtocolException.invalid(
          "tensor '%s': %s (expected: as many elements as %s)"
              .formatted(name, tensor, Arrays.toString(to)));
    }
    return tensor.reshape(to);
  }
}
