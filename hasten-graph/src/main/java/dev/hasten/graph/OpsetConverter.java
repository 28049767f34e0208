package dev.hasten.graph;

import dev.hasten.graph.wire.OnnxWire.AttributeProto;
import dev.hasten.graph.wire.OnnxWire.FunctionProto;
import dev.hasten.graph.wire.OnnxWire.GraphProto;
import dev.hasten.graph.wire.OnnxWire.NodeProto;
import java.util.List;

/**
 * Takes a model to another opset of {@code ai.onnx}. What cannot be taken there with certainty is
 * refused by name: the result is a model that the runtime takes and that computes the same. Upwards
 * every change of the standard is followed; downwards a model goes that uses nothing newer.
 */
public final class OpsetConverter {
  /** The newest opset that this converter knows: what ONNX Runtime 1.25 to 1.29 take. */
  public static final long NEWEST = 26;

  /** The newest opset whose operators are known: models of it can only be lowered. */
  static final long KNOWN = 28;

  private OpsetConverter() {}

  /**
   * A copy of the model at the target opset; the model itself is not changed. The version of the
   * file format is raised no further than the target demands, so that older runtimes load it, and
   * lowered with the opset.
   *
   * @param targetOpset at least {@link Model#MIN_OPSET}, at most {@value #NEWEST}
   * @throws ModelException naming the node and the reason, if one cannot be converted
   */
  public static Model convert(Model model, long targetOpset) {
    long from = model.opset();
    if (targetOpset < Model.MIN_OPSET || targetOpset > NEWEST) {
      throw new ModelException(
          "%s: opset: %d (expected: %d to %d)"
              .formatted(model.source(), targetOpset, Model.MIN_OPSET, NEWEST));
    }
    if (from > KNOWN) {
      throw new ModelException(
          "%s: opset %d (expected: at most %d, the newest that Hasten knows)"
              .formatted(model.source(), from, KNOWN));
    }
    Model converted = model.copy();
    if (targetOpset == from) {
      return converted;
    }
    for (FunctionProto function : model.template().getFunctionsList()) {
      requireUnchanged(function, targetOpset);
    }
    Shapes shapes = ShapeInference.infer(converted);
    OpsetLowering lowering = new OpsetLowering(targetOpset, shapes);
    for (Node node : converted.graph().allNodes()) {
      if (node.domain().isEmpty()) {
        try {
          if (targetOpset > from) {
            raise(node, from, targetOpset, shapes);
          } else {
            lowering.lower(node, from);
          }
        } catch (ArithmeticException | IllegalArgumentException | IndexOutOfBoundsException e) {
          throw OpsetEdits.refuse(node, "it is not as its operator demands: " + e.getMessage());
        }
      }
    }
    converted.setFunctionOpsets(targetOpset);
    converted.setOpset("", targetOpset);
    long needed = irVersion(targetOpset);
    converted.setIrVersion(
        targetOpset > from
            ? Math.max(model.irVersion(), needed)
            : Math.min(model.irVersion(), Math.max(needed, 4)));
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
        requireKernel(current, from, at);
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

  /** A model that the runtime took must not become one that it does not. */
  private static void requireKernel(Node node, long from, long version) {
    String release = RuntimeFacts.newest();
    if (version > from && RuntimeFacts.lacks(release, node.opType(), version)) {
      throw OpsetEdits.refuse(
          node,
          "ONNX Runtime %s has no kernel for its version of opset %d".formatted(release, version));
    }
  }

  /**
   * The body of a function is kept as it is, so nothing in it may have changed in between: upwards
   * no change that needs an edit, downwards none that added anything.
   */
  private static void requireUnchanged(FunctionProto function, long target) {
    long own =
        function.getOpsetImportList().stream()
            .filter(opset -> Node.normalize(opset.getDomain()).isEmpty())
            .mapToLong(opset -> opset.getVersion())
            .findFirst()
            .orElse(target);
    requireUnchanged(function, function.getNodeList(), own, target);
  }

  private static void requireUnchanged(
      FunctionProto function, List<NodeProto> nodes, long own, long target) {
    for (NodeProto node : nodes) {
      if (Node.normalize(node.getDomain()).isEmpty()
          && !isSame(
              node.getOpType(), Math.min(own, target), Math.max(own, target), own > target)) {
        throw new ModelException(
            "function %s: node %s '%s': cannot be taken from opset %d to %d inside a function"
                    .formatted(function.getName(), node.getOpType(), node.getName(), own, target)
                + " (expected: operators that did not change in between). Inline the function"
                + " first, or leave the model at its opset");
      }
      for (AttributeProto attribute : node.getAttributeList()) {
        requireUnchanged(function, attribute.getG().getNodeList(), own, target);
        for (GraphProto graph : attribute.getGraphsList()) {
          requireUnchanged(function, graph.getNodeList(), own, target);
        }
      }
    }
  }

  private static boolean isSame(String opType, long low, long high, boolean down) {
    if (!OpsetChanges.knows(opType)) {
      return false;
    }
    for (long at = low; at < high; at++) {
      OpsetChanges.Change change = OpsetChanges.next(opType, at, at + 1);
      if (change != null && change.needsEdit()) {
        return false;
      }
    }
    return !down || OpsetAdditions.between(opType, low, high).isEmpty();
  }

  /** The oldest version of the file format that admits an opset. */
  private static long irVersion(long opset) {
    if (opset >= 25) {
      return 13;
    }
    if (opset >= 23) {
      return opset - 12;
    }
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
