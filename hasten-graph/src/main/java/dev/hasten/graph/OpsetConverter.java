package dev.hasten.graph;

/**
 * Raises a model to a newer opset of {@code ai.onnx}. What cannot be raised with certainty is
 * refused by name: the result is a model that the runtime takes and that computes the same.
 */
public final class OpsetConverter {
  /** The newest opset that this converter knows. */
  public static final long NEWEST = 21;

  private OpsetConverter() {}

  /**
   * A copy of the model at the target opset; the model itself is not changed. The version of the
   * file format is raised no further than the target demands, so that older runtimes load it.
   *
   * @param targetOpset at least the model's own, at most {@value #NEWEST}
   * @throws ModelException naming the node and the reason, if one cannot be converted
   */
  public static Model convert(Model model, long targetOpset) {
    long from = model.opset();
    if (targetOpset < from || targetOpset > NEWEST) {
      throw new ModelException(
          "%s: opset: %d (expected: from the model's own, %d, to %d)"
              .formatted(model.source(), targetOpset, from, NEWEST));
    }
    Model converted = model.copy();
    if (targetOpset == from) {
      return converted;
    }
    if (!model.functions().isEmpty()) {
      throw new ModelException(
          model.source()
              + ": it defines functions, whose bodies keep their own opset (expected: none)."
              + " Inline them first, or leave the model at opset "
              + from);
    }
    Shapes shapes = ShapeInference.infer(converted);
    for (Node node : converted.graph().allNodes()) {
      if (node.domain().isEmpty()) {
        try {
          raise(node, from, targetOpset, shapes);
        } catch (ArithmeticException | IllegalArgumentException | IndexOutOfBoundsException e) {
          throw OpsetEdits.refuse(node, "it is not as its operator demands: " + e.getMessage());
        }
      }
    }
    converted.setOpset("", targetOpset);
    converted.setIrVersion(Math.max(model.irVersion(), irVersion(targetOpset)));
    converted.validate();
    return converted;
  }

  private static void raise(Node node, long from, long to, Shapes shapes) {
    Node current = node;
    long at = from;
    while (true) {
      if (!OpsetChanges.knows(current.opType())) {
        throw OpsetEdits.refuse(current, "operator " + current.opType() + " is not known");
      }
      OpsetChanges.Change change = OpsetChanges.next(current.opType(), at, to);
      if (change == null) {
        return;
      }
      if (change.needsEdit()) {
        OpsetEdits.Edit edit = OpsetEdits.find(current.opType(), change.version());
        if (edit == null) {
          throw OpsetEdits.refuse(
              current, "its meaning changed in opset " + change.version() + " of the standard");
        }
        current = edit.apply(current, shapes);
      }
      at = change.version();
    }
  }

  /** The oldest version of the file format that admits an opset. */
  private static long irVersion(long opset) {
    if (opset >= 21) {
      return 10;
    }
    if (opset >= 19) {
      return 9;
    }
    if (opset >= 15) {
      return 8;
    }
    if (opset >= 12) {
      return 7;
    }
    return opset >= 11 ? 6 : opset >= 10 ? 5 : opset >= 9 ? 4 : 3;
  }
}
