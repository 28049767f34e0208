package dev.hasten.graph;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Every operator that Hasten knows, one row each, kept by family. */
final class OperatorTable {
  private static final Map<String, Operator> STANDARD = new HashMap<>();
  private static final Map<String, Operator> MICROSOFT = new HashMap<>();
  private static final Map<String, Operator> LEARNING = new HashMap<>();
  private static final Map<String, Operator> TRAINING = new HashMap<>();
  private static final Map<String, Operator> PREVIEW = new HashMap<>();

  static {
    ElementwiseOperators.addTo(STANDARD);
    ShapingOperators.addTo(STANDARD);
    MovingOperators.addTo(STANDARD);
    IndexingOperators.addTo(STANDARD);
    MatrixOperators.addTo(STANDARD);
    ReductionOperators.addTo(STANDARD);
    NormalizationOperators.addTo(STANDARD);
    ConvolutionOperators.addTo(STANDARD);
    QuantizationOperators.addTo(STANDARD);
    RecurrentOperators.addTo(STANDARD);
    ControlOperators.addTo(STANDARD);
    SignalOperators.addTo(STANDARD);
    SequenceOperators.addTo(STANDARD);
    TextOperators.addTo(STANDARD);
    AttentionOperators.addTo(STANDARD);
    MicrosoftOperators.addTo(MICROSOFT);
    MicrosoftQuantized.addTo(MICROSOFT);
    MicrosoftAttention.addTo(MICROSOFT);
    LearningOperators.addTo(LEARNING);
    LearningOperators.addTrainingTo(TRAINING);
    PREVIEW.put("FlexAttention", AttentionOperators.flexAttention());
  }

  private OperatorTable() {}

  static @Nullable Operator find(Node node) {
    return rows(node.domain()).get(node.opType());
  }

  /** The rows of one domain; none for a domain that Hasten does not know. */
  static Map<String, Operator> rows(String domain) {
    return switch (domain) {
      case "" -> STANDARD;
      case Node.MICROSOFT -> MICROSOFT;
      case "ai.onnx.ml" -> LEARNING;
      case "ai.onnx.preview.training" -> TRAINING;
      case "ai.onnx.preview" -> PREVIEW;
      default -> Map.of();
    };
  }

  /** The row of a standard operator that another domain takes over unchanged. */
  static Operator standard(String opType) {
    Operator operator = STANDARD.get(opType);
    if (operator == null) {
      throw new IllegalStateException("no row for " + opType);
    }
    return operator;
  }
}
