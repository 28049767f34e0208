package dev.hasten.graph;

import static dev.hasten.graph.OpFacts.Kind.CONTRACTION;
import static dev.hasten.graph.OpFacts.Kind.ELEMENTWISE;
import static dev.hasten.graph.OpFacts.Kind.GATHER;
import static dev.hasten.graph.OpFacts.Kind.OTHER;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The domain {@code ai.onnx.ml}: trees, linear models, support vectors and encoders, as converters
 * of scikit-learn, LightGBM and XGBoost write them. Inputs are [rows, features]; a vector is one
 * row.
 */
final class LearningOperators {
  private LearningOperators() {}

  static void addTo(Map<String, Operator> table) {
    table.put("Binarizer", ElementwiseOperators.unary(ElementwiseOperators::same));
    table.put("Imputer", ElementwiseOperators.unary(ElementwiseOperators::same));
    table.put("Scaler", ElementwiseOperators.unary(toFloat()).flops(Operator.perOutput(2)));
    table.put(
        "Normalizer",
        NormalizationOperators.normalization(4, (_, rank, axis) -> axis == rank - 1)
            .inferredBy(toFloat()));
    table.put("LabelEncoder", ElementwiseOperators.unary(LearningOperators::label));
    table.put(
        "CategoryMapper",
        ElementwiseOperators.unary(s ->
            s.put(0, s.type(0) == DataType.STRING ? DataType.INT64 : DataType.STRING, s.shape(0))));
    table.put("OneHotEncoder", Operator.of(GATHER, LearningOperators::oneHot));
    table.put("ArrayFeatureExtractor", Operator.of(GATHER, LearningOperators::features));
    table.put("FeatureVectorizer", Operator.of(GATHER, LearningOperators::vectorizer));
    table.put("DictVectorizer", Operator.of(OTHER, LearningOperators::dictionary));
    table.put("CastMap", Operator.of(OTHER, LearningOperators::castMap));
    table.put("ZipMap", Operator.of(OTHER, s -> s.put(0, new Fact(null, null, null, Form.OTHER))));
    table.put(
        "LinearRegressor",
        rows(CONTRACTION, s -> regression(s, "targets"))
            .flops(
                "2 × outputs × features",
                node -> node.outputSize(0).times(node.input(0).dim(-1)).times(2)));
    table.put(
        "LinearClassifier",
        rows(CONTRACTION, s -> classes(s, "classlabels_ints", true))
            .flops(
                "2 × scores × features",
                node -> node.outputSize(1).times(node.input(0).dim(-1)).times(2)));
    table.put(
        "SVMRegressor",
        rows(CONTRACTION, s -> rowsBy(s, 0, Dim.ONE))
            .flops("2 × rows × support vectors", LearningOperators::supportFlops));
    table.put(
        "SVMClassifier",
        rows(CONTRACTION, s -> classes(s, "classlabels_ints", s.node().attribute("prob_a") != null))
            .flops("2 × rows × support vectors", LearningOperators::supportFlops));
    table.put(
        "TreeEnsembleRegressor",
        rows(OTHER, s -> regression(s, "n_targets"))
            .flops("rows × trees × depth", LearningOperators::treeFlops));
    table.put(
        "TreeEnsembleClassifier",
        rows(OTHER, s -> classes(s, "classlabels_int64s", true))
            .flops("rows × trees × depth", LearningOperators::treeFlops));
    table.put(
        "TreeEnsemble",
        rows(
                OTHER,
                s -> s.put(0, s.type(0), Shape.of(rowCount(s), Dim.of(s.integer("n_targets", 1)))))
            .flops("rows × trees × depth", LearningOperators::treeFlops));
  }

  /** The training domain: each new tensor is as the old one. */
  static void addTrainingTo(Map<String, Operator> table) {
    table.put("Adagrad", Operator.of(ELEMENTWISE, s -> updated(s, 3)));
    table.put("Momentum", Operator.of(ELEMENTWISE, s -> updated(s, 3)));
    table.put("Adam", Operator.of(ELEMENTWISE, s -> updated(s, 4)));
    table.put(
        "Gradient",
        Operator.of(
            OTHER,
            s -> {
              for (int i = 0; i < s.outputCount(); i++) {
                s.put(i, s.type(i), s.shape(i));
              }
            }));
  }

  /** Inputs: rate, step, then {@code groups} lists of tensors of which the first are updated. */
  private static void updated(Site site, int groups) {
    int each = Math.max(1, (site.inputCount() - 2) / groups);
    for (int i = 0; i < site.outputCount(); i++) {
      site.put(i, site.type(2 + i % each), site.shape(2 + i % each));
    }
  }

  private static Operator rows(OpFacts.Kind kind, InferenceRule rule) {
    return Operator.of(kind, rule)
        .flow((node, flow) -> {
          if (node.input(0).rank() == 2) {
            for (int i = 0; i < node.node().outputs().size(); i++) {
              flow.axis(i, 0, new AxisFlow.Identity(0, 0));
            }
          }
        });
  }

  private static InferenceRule toFloat() {
    return site -> site.put(0, DataType.FLOAT, site.shape(0));
  }

  /** Multiplies by every support vector. */
  private static Dim supportFlops(Costs.Shaped node) {
    long numbers = node.node().floatsAttribute("support_vectors", List.of()).size();
    Shape input = node.input(0);
    return (input.rank() == 2 ? input.dim(0) : Dim.ONE).times(numbers).times(2);
  }

  /** About one comparison per level: the depth of a balanced tree, for each tree. */
  private static Dim treeFlops(Costs.Shaped node) {
    List<Long> trees = node.node().intsAttribute("nodes_treeids");
    List<Long> roots = node.node().intsAttribute("tree_roots");
    List<Long> features = node.node().intsAttribute("nodes_featureids", List.of());
    long count =
        roots != null ? roots.size() : trees == null ? 0 : trees.stream().distinct().count();
    if (count == 0) {
      throw new Costs.Unknown("trees");
    }
    long levels = Math.max(1, 64 - Long.numberOfLeadingZeros(features.size() / count));
    Shape input = node.input(0);
    return (input.rank() == 2 ? input.dim(0) : Dim.ONE).times(count * levels);
  }

  private static Dim rowCount(Site site) {
    Shape input = site.shape(0);
    return input == null ? site.fresh(0, 0) : input.rank() == 2 ? input.dim(0) : Dim.ONE;
  }

  private static void rowsBy(Site site, int output, Dim columns) {
    site.put(output, DataType.FLOAT, Shape.of(rowCount(site), columns));
  }

  private static void regression(Site site, String targets) {
    rowsBy(site, 0, Dim.of(site.integer(targets, 1)));
  }

  /** Labels [rows], scores [rows, classes]. */
  private static void classes(Site site, String numbers, boolean oneScoreEach) {
    long[] labels = site.integers(numbers);
    int names = texts(site, "classlabels_strings");
    boolean named = names > 0;
    site.put(0, named ? DataType.STRING : DataType.INT64, Shape.of(rowCount(site)));
    int count = named ? names : labels == null ? 0 : labels.length;
    rowsBy(site, 1, count > 0 && oneScoreEach ? Dim.of(count) : site.fresh(1, 1));
  }

  private static int texts(Site site, String attribute) {
    return site.node().attribute(attribute) instanceof Attribute.Texts(List<String> v)
        ? v.size()
        : 0;
  }

  private static void label(Site site) {
    Node node = site.node();
    @Nullable DataType type = null;
    if (node.attribute("values_tensor") instanceof Attribute.TensorAttr(Tensor values)) {
      type = values.type();
    } else if (node.attribute("values_strings") != null) {
      type = DataType.STRING;
    } else if (node.attribute("values_int64s") != null) {
      type = DataType.INT64;
    } else if (node.attribute("values_floats") != null) {
      type = DataType.FLOAT;
    } else if (node.attribute("classes_strings") != null) {
      // Version 1 maps strings to their places and back.
      type = site.type(0) == DataType.STRING ? DataType.INT64 : DataType.STRING;
    }
    site.put(0, type, site.shape(0));
  }

  private static void oneHot(Site site) {
    Shape input = site.shape(0);
    long[] numbers = site.integers("cats_int64s");
    int count = numbers != null ? numbers.length : texts(site, "cats_strings");
    if (input == null) {
      site.put(0, DataType.FLOAT, null);
      return;
    }
    List<Dim> dims = new ArrayList<>(input.dims());
    dims.add(Dim.of(count));
    site.put(0, DataType.FLOAT, new Shape(dims));
  }

  private static void features(Site site) {
    Shape input = site.shape(0);
    Shape chosen = site.shape(1);
    if (input == null || input.rank() == 0) {
      site.put(0, site.type(0), null);
      return;
    }
    List<Dim> dims = new ArrayList<>(input.dims());
    Dim count = chosen == null ? site.fresh(0, input.rank() - 1) : chosen.size();
    dims.set(dims.size() - 1, count);
    if (dims.size() == 1) {
      dims.addFirst(Dim.ONE);
    }
    site.put(0, site.type(0), new Shape(dims));
  }

  private static void vectorizer(Site site) {
    long[] widths = site.integers("inputdimensions");
    Dim width = widths == null ? site.fresh(0, 1) : Dim.of(Arrays.stream(widths).sum());
    rowsBy(site, 0, width);
  }

  private static void dictionary(Site site) {
    long[] numbers = site.integers("int64_vocabulary");
    int count = numbers != null ? numbers.length : texts(site, "string_vocabulary");
    // The values' type is that of the map, which is not followed.
    site.put(0, null, Shape.of(Dim.ONE, Dim.of(count)));
  }

  private static void castMap(Site site) {
    DataType type =
        switch (site.node().stringAttribute("cast_to", "TO_FLOAT")) {
          case "TO_INT64" -> DataType.INT64;
          case "TO_STRING" -> DataType.STRING;
          default -> DataType.FLOAT;
        };
    boolean sparse = site.node().stringAttribute("map_form", "DENSE").equals("SPARSE");
    Dim width = sparse ? Dim.of(site.integer("max_map", 1)) : site.fresh(0, 1);
    site.put(0, type, Shape.of(Dim.ONE, width));
  }
}
