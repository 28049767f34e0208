package dev.hasten.graph;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Takes a node to an older opset, version by version: what a version changed is undone by {@link
 * LoweringEdits}, and the node must use nothing that it added.
 */
final class OpsetLowering {
  private final long target;
  private final Shapes shapes;

  OpsetLowering(long target, Shapes shapes) {
    this.target = target;
    this.shapes = shapes;
  }

  /**
   * Lowers one node of the standard domain.
   *
   * @throws ModelException naming the node and what it uses that the target does not have
   */
  void lower(Node node, long from) {
    if (!OpsetChanges.knows(node.opType())) {
      throw refuse(node, "operator " + node.opType() + " is not known");
    }
    Map<Long, OpsetAdditions.Addition> additions =
        OpsetAdditions.between(node.opType(), target, from);
    additions.forEach((version, addition) -> {
      if (addition.isNew()) {
        throw refuse(node, "operator " + node.opType() + " came with opset " + version);
      }
    });
    for (long version = from; version > target; version--) {
      OpsetChanges.Change change = OpsetChanges.next(node.opType(), version - 1, version);
      if (change != null && change.needsEdit()) {
        LoweringEdits.Edit edit = LoweringEdits.find(node.opType(), version);
        if (edit == null) {
          throw refuse(node, "its meaning changed in opset " + version + " of the standard");
        }
        edit.apply(node, shapes, this);
      }
      OpsetAdditions.Addition addition = additions.get(version);
      if (addition != null) {
        requireUnused(node, version, addition);
      }
    }
  }

  private void requireUnused(Node node, long version, OpsetAdditions.Addition addition) {
    addition
        .attributes()
        .forEach((name, value) -> {
          Attribute attribute = node.attribute(name);
          if (attribute != null && !text(attribute).equals(value)) {
            throw refuse(
                node, "attribute %s = %s needs opset %d".formatted(name, text(attribute), version));
          }
          if (attribute != null) {
            node.graph().removeAttribute(node, name);
          }
        });
    for (int i = addition.firstInput(); i < node.inputs().size(); i++) {
      if (node.inputOrNull(i) != null) {
        throw refuse(node, "input %d needs opset %d".formatted(i, version));
      }
    }
    addition
        .inputTypes()
        .forEach(
            (i, types) -> requireType(node, "input " + i, node.inputOrNull(i), types, version));
    addition
        .outputTypes()
        .forEach((i, types) -> {
          List<Value> outputs = node.outputs();
          Value output = i < outputs.size() && !outputs.get(i).isOmitted() ? outputs.get(i) : null;
          requireType(node, "output " + i, output, types, version);
        });
  }

  private void requireType(
      Node node, String what, @Nullable Value value, Set<DataType> types, long version) {
    if (value == null || !value.isTensor() || !shapes.fact(value).isTensor()) {
      return;
    }
    DataType type = shapes.type(value);
    if (type == null) {
      throw refuse(node, "the type of " + what + " is not known");
    }
    if (types.contains(type)) {
      throw refuse(node, "%s of type %s needs opset %d".formatted(what, type, version));
    }
  }

  private static String text(Attribute attribute) {
    return switch (attribute) {
      case Attribute.Int(long v) -> Long.toString(v);
      case Attribute.Real(float v) -> Double.toString(Math.rint(v * 1e6) / 1e6);
      case Attribute.Text(String v) -> v;
      case Attribute other -> other.toString();
    };
  }

  ModelException refuse(Node node, String reason) {
    return new ModelException(
        "%s: cannot be lowered to opset %d: %s. Export the model at an older opset, or leave it at its own"
            .formatted(node, target, reason));
  }
}
