package dev.hasten.runtime;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** Checks raw tensors and tells which may share a run. */
final class RawTensors {
  private final List<TensorInfo> inputs;
  private final PipelineSpec pipeline;
  private final boolean joins;
  private final AtomicLong alone = new AtomicLong();

  RawTensors(Session session, PipelineSpec pipeline, boolean batches) {
    this.inputs = session.inputs();
    this.pipeline = pipeline;
    this.joins =
        batches
            && inputs.stream().allMatch(RawTensors::varies)
            && session.outputs().stream().allMatch(RawTensors::varies);
  }

  private static boolean varies(TensorInfo tensor) {
    return tensor.rank() > 0 && tensor.shape().getFirst() < 0;
  }

  /**
   * @throws BadInputException if a tensor is missing or of another type or rank, has an axis whose
   *     size is no int, or their numbers of rows differ
   */
  Work.Raw of(Map<String, NdArray> given) {
    Map<String, NdArray> own = new LinkedHashMap<>();
    StringBuilder group = new StringBuilder("tensors");
    long bytes = 0;
    for (TensorInfo input : inputs) {
      NdArray tensor = given.get(input.name());
      if (tensor == null || tensor.type() != input.type()) {
        throw new BadInputException(
            "input "
                + input.name()
                + ": "
                + (tensor == null ? "missing" : tensor)
                + " (expected: "
                + OnnxTensors.describe(inputs)
                + ")");
      }
      requireInts(input, tensor);
      own.put(input.name(), tensor);
      bytes += tensor.heldBytes();
      if (joins) {
        requireRows(input, tensor, own.values().iterator().next());
        group.append(' ').append(Rows.behindBatch(tensor));
      }
    }
    NdArray first = own.values().iterator().next();
    int rows = joins ? Math.toIntExact(first.dimension(0)) : 1;
    if (!joins) {
      group.append(" alone ").append(alone.incrementAndGet());
    }
    return new Work.Raw(own, group.toString(), rows, length(first), bytes);
  }

  /** An empty tensor may have any size on another axis. */
  private static void requireInts(TensorInfo input, NdArray tensor) {
    for (int axis = 0; axis < tensor.rank(); axis++) {
      if (tensor.dimension(axis) > Integer.MAX_VALUE) {
        throw new BadInputException(
            "input %s: %s (expected: sizes of at most %d)"
                .formatted(input.name(), tensor, Integer.MAX_VALUE));
      }
    }
  }

  private static void requireRows(TensorInfo input, NdArray tensor, NdArray first) {
    boolean fits =
        tensor.rank() == input.rank()
            && tensor.dimension(0) > 0
            && tensor.dimension(0) == first.dimension(0);
    if (!fits) {
      throw new BadInputException(
          "input "
              + input.name()
              + ": "
              + tensor
              + " (expected: "
              + input
              + " with at least one row, as many in every input)");
    }
  }

  /** As the pipeline counts the length of an example. */
  private int length(NdArray tensor) {
    if (tensor.rank() < 2) {
      return 1;
    }
    int axis =
        switch (pipeline) {
          case PipelineSpec.Text text -> 1;
          case PipelineSpec.Tensors tensors -> tensors.batchAxis() ? 1 : 0;
          case PipelineSpec.Image image -> tensor.rank() - 1;
          case PipelineSpec.Audio audio -> tensor.rank() - 1;
          case PipelineSpec.Table table -> 1;
        };
    return Math.toIntExact(tensor.dimension(axis));
  }
}
