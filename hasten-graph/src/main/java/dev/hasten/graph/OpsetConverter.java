package dev.hasten.graph;

/**
 * Raises a model to a newer opset of {@code ai.onnx}. What cannot be raised with certainty is
 * refused by name: the result is a model that the runtime takes and that computes the same.
 */
public final class OpsetConverter {
  private OpsetConverter() {}

  /**
   * A copy of the model at the target opset; the model itself is not changed.
   *
   * @param targetOpset at least the model's own, at most {@value #NEWEST}
   * @throws ModelException naming the node and the reason, if one cannot be converted
   */
  public static Model convert(Model model, long targetOpset) {
    throw new UnsupportedOperationException("opset " + targetOpset + " of " + model);
  }

  /** The newest opset that this converter knows. */
  public static final long NEWEST = 21;
}
