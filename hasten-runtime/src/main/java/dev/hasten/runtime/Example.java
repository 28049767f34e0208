package dev.hasten.runtime;

import java.util.Map;

/** One thing to answer: what an {@link InputPipeline} takes. */
public sealed interface Example {
  /** A text. */
  record Text(String text) implements Example {}

  /**
   * Tensors by the model's input names. Without the batch axis, unless the pipeline says that
   * examples carry it ({@link PipelineSpec.Tensors}).
   */
  record Tensors(Map<String, NdArray> tensors) implements Example {
    public Tensors {
      tensors = Map.copyOf(tensors);
    }
  }

  static Example text(String text) {
    return new Text(text);
  }

  static Example tensors(Map<String, NdArray> tensors) {
    return new Tensors(tensors);
  }
}
