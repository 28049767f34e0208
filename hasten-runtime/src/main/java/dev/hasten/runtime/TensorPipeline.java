package dev.hasten.runtime;

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

  private record Checked(Map<String, NdArray> tensors, int length, String group, long bytes)
      implements Prepared {}

  @Override
  public Prepared prepare(Example example) {
    Map<String, NdArray> given = tensors(example);
    Map<String, NdArray> own = new LinkedHashMap<>();
    long bytes = 0;
    for (TensorInfo input : modelInputs) {
      NdArray part = part(input, given);
      own.put(input.name(), part);
      bytes += part.heldBytes();
    }
    return new Checked(own, length(example), group(example), bytes);
  }

  @Override
  public Map<String, NdArray> encode(List<? extends Example> examples) {
    return assemble(examples.stream().map(this::prepare).toList());
  }

  @Override
  public Map<String, NdArray> assemble(List<Prepared> examples) {
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
      for (Prepared example : examples) {
        parts.add(part(input, ((Checked) example).tensors()));
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
    long[] one = LongStream.concat(LongStream.of(1), LongStream.of(first.shape())).toArray();
    return Rows.concatenate(parts.stream().map(part -> part.reshape(one)).toList());
  }

  @Override
  public Map<String, NdArray> decode(Map<String, NdArray> encoded, Map<String, NdArray> outputs) {
    return outputs;
  }

  @Override
  public void close() {}
}
