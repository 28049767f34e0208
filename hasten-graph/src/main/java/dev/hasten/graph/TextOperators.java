package dev.hasten.graph;

import static dev.hasten.graph.OpFacts.Kind.ELEMENTWISE;
import static dev.hasten.graph.OpFacts.Kind.OTHER;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Strings, and images in their files' form. */
final class TextOperators {
  private TextOperators() {}

  static void addTo(Map<String, Operator> table) {
    table.put(
        "StringConcat",
        Operator.of(
            ELEMENTWISE, s -> s.put(0, DataType.STRING, s.broadcast(s.shape(0), s.shape(1)))));
    table.put(
        "RegexFullMatch", ElementwiseOperators.unary(s -> s.put(0, DataType.BOOL, s.shape(0))));
    table.put("StringNormalizer", Operator.of(OTHER, TextOperators::normalizer));
    table.put("StringSplit", Operator.of(OTHER, TextOperators::split));
    table.put("TfIdfVectorizer", Operator.of(OTHER, TextOperators::tfIdf));
    table.put("ImageDecoder", Operator.of(OTHER, TextOperators::image));
  }

  /** Words on the stop list go, so that only a run tells how many remain. */
  private static void normalizer(Site site) {
    Shape input = site.shape(0);
    if (input == null) {
      site.put(0, DataType.STRING, null);
      return;
    }
    List<Dim> dims = new ArrayList<>(input.dims());
    if (site.node().attribute("stopwords") != null && !dims.isEmpty()) {
      dims.set(dims.size() - 1, site.fresh(0, dims.size() - 1));
    }
    site.put(0, DataType.STRING, new Shape(dims));
  }

  private static void split(Site site) {
    Shape input = site.shape(0);
    site.put(1, DataType.INT64, input);
    if (input == null) {
      site.put(0, DataType.STRING, null);
      return;
    }
    List<Dim> dims = new ArrayList<>(input.dims());
    dims.add(site.fresh(0, dims.size()));
    site.put(0, DataType.STRING, new Shape(dims));
  }

  private static void tfIdf(Site site) {
    Shape input = site.shape(0);
    long[] places = site.integers("ngram_indexes");
    if (input == null || places == null || input.rank() == 0) {
      site.put(0, DataType.FLOAT, null);
      return;
    }
    long width = 0;
    for (long place : places) {
      width = Math.max(width, place + 1);
    }
    List<Dim> dims = new ArrayList<>(input.dims());
    dims.set(dims.size() - 1, Dim.of(width));
    site.put(0, DataType.FLOAT, new Shape(dims));
  }

  private static void image(Site site) {
    boolean grey = site.node().stringAttribute("pixel_format", "RGB").equals("Grayscale");
    site.put(0, DataType.UINT8, Shape.of(site.fresh(0, 0), site.fresh(0, 1), Dim.of(grey ? 1 : 3)));
  }
}
