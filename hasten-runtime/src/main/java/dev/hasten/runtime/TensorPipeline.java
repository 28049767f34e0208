package dev.hasten.runtime;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.LongStream;

/** Tensors as they are: checked, brought to the model's number types, stacked. */
final class TensorPipeline implements InputPipeline {
  private final PipelineSpec.Tensors spec;
  private final List<TensorInfo> modelInputs;

  TensorPipeline(PipelineSpec.Tensors spec, List<TensorInfo> modelInputs) {
    this.spec = spec;
    this.modelInputs = List.copyOf(modelInputs);
  }

  @Override
  public PipelineSpec spec() {
    return spec;
  }

  @Override
  public boolean batches() {
    return spec.batchAxis();
  }

  @Override
  public int length(Example example) {
    NdArray first = tensors(example).values().iterator().next();
    return first.rank() == 0 ? 1 : Math.toIntExact(first.dimension(0));
  }

  /** Tensors of different shapes cannot be stacked. */
  @Override
  public String group(Example example) {
    StringBuilder shapes = new StringBuilder();
    new TreeMap<>(tensors(example))
        .forEach((name, t) -> shapes.append(name).append(Arrays.toString(t.shape())));
    return shapes.toString();
  }

  @Override
  public Map<String, NdArray> encode(List<? extends Example> examples) {
    if (examples.isEmpty() || (!batches() && examples.size() > 1)) {
      throw new BadInputException(
          "examples: "
              + examples.size()
              + " (expected: "
              + (batches() ? "at least one" : "one")
              + ")");
    }
    Map<String, NdArray> result = new LinkedHashMap<>();
    for (TensorInfo input : modelInputs) {
      List<NdArray> parts = new ArrayList<>();
      for (Example example : examples) {
        parts.add(part(input, tensors(example)));
      }
      result.put(input.name(), batches() ? stack(input, parts) : parts.getFirst());
    }
    return result;
  }

  private Map<String, NdArray> tensors(Example example) {
    if (!(example instanceof Example.Tensors(Map<String, NdArray> tensors))) {
      throw Examples.unexpected(example, "tensors");
    }
    for (String name : tensors.keySet()) {
      if (modelInputs.stream().noneMatch(input -> input.name().equals(name))) {
        throw new BadInputException(
            "tensor "
                + name
                + " is not an input of the model (expected: "
                + OnnxTensors.describe(modelInputs)
                + ")");
      }
    }
    if (tensors.isEmpty()) {
      throw missing(modelInputs.getFirst());
    }
    return tensors;
  }

  private NdArray part(TensorInfo input, Map<String, NdArray> tensors) {
    NdArray tensor = tensors.get(input.name());
    if (tensor == null) {
      throw missing(input);
    }
    return Conversion.to(input.type(), tensor, input.name());
  }

  private BadInputException missing(TensorInfo input) {
    return new BadInputException(
        "tensor "
            + input.name()
            + " is missing (expected: "
            + OnnxTensors.describe(modelInputs)
            + ")");
  }

  private static NdArray stack(TensorInfo input, List<NdArray> parts) {
    NdArray first = parts.getFirst();
    for (NdArray part : parts) {
      if (!Arrays.equals(part.shape(), first.shape())) {
        throw new BadInputException(
            "tensor "
                + input.name()
                + ": shapes "
                + first
                + " and "
                + part
                + " in one batch (expected: equal shapes; a Predictor groups them itself)");
      }
    }
    long[] shape =
        LongStream.concat(LongStream.of(parts.size()), LongStream.of(first.shape())).toArray();
    if (parts.size() == 1) {
      return first.reshape(shape);
    }
    if (first.type() == ElementType.STRING) {
      return NdArray.strings(parts.stream().flatMap(p -> p.strings().stream()).toList(), shape);
    }
    ByteBuffer data =
        ByteBuffer.allocate(
                Math.multiplyExact(
                    Math.multiplyExact(first.size(), parts.size()), first.type().bytes()))
            .order(ByteOrder.nativeOrder());
    parts.forEach(part -> data.put(part.data()));
    return NdArray.of(first.type(), data.flip(), shape);
  }

  @Override
  public Map<String, NdArray> decode(Map<String, NdArray> encoded, Map<String, NdArray> outputs) {
    return outputs;
  }

  @Override
  public void close() {}
}
