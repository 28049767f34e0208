package dev.hasten.graph;

import dev.hasten.graph.wire.OnnxWire.AttributeProto;
import dev.hasten.graph.wire.OnnxWire.FunctionProto;
import dev.hasten.graph.wire.OnnxWire.GraphProto;
import dev.hasten.graph.wire.OnnxWire.NodeProto;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A release of ONNX Runtime, and how a model is made to load in it: many applications pin one that
 * is years old.
 *
 * <pre>{@code
 * Model older = TargetRuntime.of("1.17").fit(model);
 * }</pre>
 *
 * <p>What each release takes was asked of the release itself ({@code bench/peers/ort_versions.py}).
 * It is known what operators, attributes and inputs a release has, not which of their values each
 * kernel handles.
 *
 * @param release major and minor version, as in {@code 1.17}
 * @param opset the newest opset of {@code ai.onnx} that it takes
 * @param irVersion the newest version of the file format that it reads
 * @param mlOpset the newest opset of {@code ai.onnx.ml} that it takes
 */
public record TargetRuntime(String release, long opset, long irVersion, long mlOpset) {
  private static final String LEARNING = "ai.onnx.ml";

  /** Since which opset of {@code ai.onnx.ml} an operator is as it is. */
  private static final Map<String, Long> LEARNING_CHANGES =
      Map.of(
          "LabelEncoder", 4L,
          "TreeEnsemble", 5L,
          "TreeEnsembleClassifier", 5L,
          "TreeEnsembleRegressor", 5L);

  /**
   * The release of a version.
   *
   * @param version as in {@code 1.17} or {@code 1.17.3}; one newer than Hasten knows counts as the
   *     newest that it knows, whose models it takes
   * @throws ModelException if it is not a version, or older than Hasten knows
   */
  public static TargetRuntime of(String version) {
    String expected =
        "version of ONNX Runtime: %s (expected: %s to %s, as in 1.17 or 1.17.3)"
            .formatted(version, RuntimeFacts.RELEASES.firstKey(), RuntimeFacts.RELEASES.lastKey());
    if (!version.matches("1\\.\\d{1,4}(\\.\\d+)?")) {
      throw new ModelException(expected);
    }
    String[] parts = version.split("\\.");
    Map.Entry<String, TargetRuntime> entry =
        RuntimeFacts.RELEASES.floorEntry(parts[0] + "." + parts[1]);
    if (entry == null) {
      throw new ModelException(expected);
    }
    return entry.getValue();
  }

  /**
   * A copy of the model that this release loads; the model itself is not changed.
   *
   * @throws ModelException naming the node that needs a newer release, and what of it does; or the
   *     function whose body uses operators outside the standard domain, which are not looked up
   */
  public Model fit(Model model) {
    for (Node node : model.graph().allNodes()) {
      if (node.domain().equals(Node.MICROSOFT)) {
        requireContributed(node);
      } else if (node.domain().equals(LEARNING)) {
        requireLearning(node, model.opsets().getOrDefault(LEARNING, 1L));
      }
    }
    for (FunctionProto function : model.template().getFunctionsList()) {
      requireStandard(model, function, function.getNodeList());
    }
    long limit = limit(model);
    Model fitted = model.opset() > limit ? converted(model, limit) : model.copy();
    if (fitted.opsets().getOrDefault(LEARNING, 0L) > mlOpset) {
      fitted.setOpset(LEARNING, mlOpset);
    }
    if (fitted.irVersion() > irVersion) {
      requireFormat(fitted);
      fitted.setIrVersion(irVersion);
    }
    return fitted;
  }

  /** The newest opset at which this release has a kernel for each standard operator in use. */
  private long limit(Model model) {
    long limit = opset;
    boolean changed = true;
    while (changed) {
      changed = false;
      for (Node node : model.graph().allNodes()) {
        long version = OpsetChanges.version(node.opType(), Math.min(limit, model.opset()));
        if (node.domain().isEmpty() && RuntimeFacts.lacks(release, node.opType(), version)) {
          if (version == OpsetAdditions.introduced(node.opType())) {
            throw refuse(node, "the release has no kernel for it", null);
          }
          limit = version - 1;
          changed = true;
        }
      }
    }
    return limit;
  }

  private Model converted(Model model, long limit) {
    try {
      return OpsetConverter.convert(model, limit);
    } catch (ModelException e) {
      throw new ModelException(
          "%s: ONNX Runtime %s takes its operators up to opset %d (found: %d): %s"
              .formatted(model.source(), release, limit, model.opset(), e.getMessage()),
          e);
    }
  }

  private void requireContributed(Node node) {
    if (!RuntimeFacts.knows(node.opType())) {
      throw refuse(node, "no release that Hasten knows has this operator on the CPU", null);
    }
    RuntimeFacts.after(release, node.opType())
        .forEach((since, added) -> {
          if (added.isNew()) {
            throw refuse(node, "the operator", since);
          }
          for (String attribute : added.attributes()) {
            if (node.attribute(attribute) != null) {
              throw refuse(node, "attribute " + attribute, since);
            }
          }
          for (int i = added.firstInput(); i < node.inputs().size(); i++) {
            if (node.inputOrNull(i) != null) {
              throw refuse(node, "input " + i, since);
            }
          }
        });
  }

  private void requireLearning(Node node, long own) {
    long changed = LEARNING_CHANGES.getOrDefault(node.opType(), 1L);
    if (changed > mlOpset && own >= changed) {
      throw refuse(node, "opset %d of %s".formatted(changed, LEARNING), null);
    }
  }

  private void requireStandard(Model model, FunctionProto function, List<NodeProto> nodes) {
    for (NodeProto node : nodes) {
      String domain = Node.normalize(node.getDomain());
      if (domain.equals(Node.MICROSOFT) || domain.equals(LEARNING)) {
        throw new ModelException(
            "%s: function %s: node %s.%s (expected: inside functions, operators of the standard domain only, where ONNX Runtime %s is the target). Inline the function first"
                .formatted(model.source(), function.getName(), domain, node.getOpType(), release));
      }
      for (AttributeProto attribute : node.getAttributeList()) {
        requireStandard(model, function, attribute.getG().getNodeList());
        for (GraphProto graph : attribute.getGraphsList()) {
          requireStandard(model, function, graph.getNodeList());
        }
      }
    }
  }

  private void requireFormat(Model model) {
    boolean overloaded =
        model.template().getFunctionsList().stream().anyMatch(f -> !f.getOverload().isEmpty());
    if (overloaded && irVersion < 10) {
      throw new ModelException(
          "%s: overloaded functions need IR version 10 (expected: %d at most, which ONNX Runtime %s"
                  .formatted(model.source(), irVersion, release)
              + " reads). Inline the functions first");
    }
  }

  private ModelException refuse(Node node, String what, @Nullable String since) {
    String needs = since == null ? what : what + " needs ONNX Runtime " + since;
    return new ModelException(
        "%s: %s (expected: what ONNX Runtime %s has). Leave out the technique that makes it, or target a newer release"
            .formatted(node, needs, release));
  }
}
