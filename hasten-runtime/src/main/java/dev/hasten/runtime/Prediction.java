package dev.hasten.runtime;

import java.util.Map;

/**
 * The answer to one example.
 *
 * @param outputs by name, without the batch axis
 */
public record Prediction(Map<String, NdArray> outputs, Timing timing) {
  public Prediction {
    outputs = Map.copyOf(outputs);
  }

  /**
   * The pooled vector of a text.
   *
   * @throws IllegalStateException if the pipeline does not pool
   */
  public float[] embedding() {
    NdArray vector = outputs.get(InputPipeline.EMBEDDING);
    if (vector == null) {
      throw new IllegalStateException(
          "no embedding: the bundle's pipeline does not pool (outputs: " + outputs.keySet() + ")");
    }
    return vector.toFloats();
  }

  /**
   * The text that was read.
   *
   * @throws IllegalStateException if the pipeline decodes none
   */
  public String text() {
    NdArray text = outputs.get(InputPipeline.TEXT);
    if (text == null || text.type() != ElementType.STRING) {
      throw new IllegalStateException(
          "no text: the bundle's pipeline decodes none (outputs: " + outputs.keySet() + ")");
    }
    return text.strings().getFirst();
  }
}
