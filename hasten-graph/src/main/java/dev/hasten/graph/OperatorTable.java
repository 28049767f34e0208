package dev.hasten.graph;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Every operator that Hasten knows, one row each, kept by family. */
final class OperatorTable {
  private static final Map<String, Operator> STANDARD = new HashMap<>();
  private static final Map<String, Operator> MICROSOFT = new HashMap<>();
  private static final Map<String, Operator> LEARNING = new HashMap<>();

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
    MicrosoftOperators.addTo(MICROSOFT);
    LearningOperators.addTo(LEARNING);
  }

  private OperatorTable() {}

  static @Nullable Operator find(Node node) {
    return switch (node.domain()) {
      case "" -> STANDARD.get(node.opType());
      case Node.MICROSOFT -> MICROSOFT.get(node.opType());
      case LearningOperators.DOMAIN -> LEARNING.get(node.opType());
      default -> null;
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
