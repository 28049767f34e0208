package dev.hasten.graph;

import java.util.Map;

/** Those operators of {@code ai.onnx.ml} whose outputs follow from attributes and shapes. */
final class LearningOperators {
  static final String DOMAIN = "ai.onnx.ml";

  private LearningOperators() {}

  static void addTo(Map<String, Operator> table) {
    for (String name : "TreeEnsembleClassifier LinearClassifier SVMClassifier".split(" ")) {
      table.put(name, Operator.of(OpFacts.Kind.OTHER, LearningOperators::classify));
    }
    table.put(
        "Scaler",
        Operator.of(OpFacts.Kind.ELEMENTWISE, site -> site.put(0, DataType.FLOAT, site.shape(0))));
    table.put(
        "ArrayFeatureExtractor", Operator.of(OpFacts.Kind.GATHER, LearningOperators::pickColumns));
  }

  /** A label and, of unknown number, a score per class for each row. */
  private static void classify(Site site) {
    Shape input = site.shape(0);
    if (input == null || input.rank() != 2) {
      return;
    }
    boolean texts =
        site.node().attribute("classlabels_strings") instanceof Attribute.Texts(var labels)
            && !labels.isEmpty();
    site.put(0, texts ? DataType.STRING : DataType.INT64, Shape.of(input.dim(0)));
    site.put(1, DataType.FLOAT, Shape.of(input.dim(0), site.fresh(1, 1)));
  }

  /** Columns of a matrix by their numbers. */
  private static void pickColumns(Site site) {
    Shape input = site.shape(0);
    Shape columns = site.shape(1);
    Shape output =
        input == null || columns == null || input.rank() != 2
            ? null
            : Shape.of(input.dim(0), columns.size());
    site.put(0, site.type(0), output);
  }
}
