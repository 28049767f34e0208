package dev.hasten.graph;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Shapes and cost of {@code Einsum}. */
final class Einsum {
  private static final String ELLIPSIS = "...";

  private Einsum() {}

  /** The length of each label, and the labels of the result; an ellipsis counts as one label. */
  private record Labels(Map<Character, Dim> lengths, Shape ellipsis, String result) {}

  static void infer(Site site) {
    List<@Nullable Shape> shapes = new ArrayList<>();
    for (int i = 0; i < site.inputCount(); i++) {
      shapes.add(site.shape(i));
    }
    Labels labels = labels(site.node().stringAttribute("equation", ""), shapes);
    if (labels == null) {
      site.put(0, site.type(0), null);
      return;
    }
    List<Dim> dims = new ArrayList<>();
    String result = labels.result();
    for (int i = 0; i < result.length(); i++) {
      if (result.startsWith(ELLIPSIS, i)) {
        dims.addAll(labels.ellipsis().dims());
        i += ELLIPSIS.length() - 1;
      } else {
        Dim dim = labels.lengths().get(result.charAt(i));
        dims.add(dim == null ? site.fresh(0, i) : dim);
      }
    }
    site.put(0, site.type(0), new Shape(dims));
  }

  /** Two per combination of all labels. */
  static Dim flops(Costs.Shaped node) {
    List<@Nullable Shape> shapes = new ArrayList<>();
    for (int i = 0; i < node.inputCount(); i++) {
      shapes.add(node.input(i));
    }
    Labels labels = labels(node.node().stringAttribute("equation", ""), shapes);
    if (labels == null) {
      throw new Costs.Unknown("equation");
    }
    Dim total = labels.ellipsis().size().times(2);
    for (Dim length : labels.lengths().values()) {
      total = total.times(length);
    }
    return total;
  }

  /** Labels of the result from where they stand; the others are summed away. */
  static void flow(Costs.Shaped node, Operator.Flow flow) {
    String equation = node.node().stringAttribute("equation", "").replace(" ", "");
    int arrow = equation.indexOf("->");
    if (arrow < 0 || equation.contains(ELLIPSIS) || hasRepeats(equation)) {
      return;
    }
    String[] terms = equation.substring(0, arrow).split(",", -1);
    String result = equation.substring(arrow + 2);
    for (int i = 0; i < result.length(); i++) {
      List<AxisFlow.Source> sources = new ArrayList<>();
      for (int t = 0; t < terms.length; t++) {
        int axis = terms[t].indexOf(result.charAt(i));
        if (axis >= 0) {
          boolean stretched = node.input(t).dim(axis).is(1) && !node.output(0).dim(i).is(1);
          sources.add(stretched ? new AxisFlow.Broadcast(t, axis) : new AxisFlow.Identity(t, axis));
        }
      }
      flow.axis(0, i, sources);
    }
    if (terms.length == 2) {
      for (int axis = 0; axis < terms[0].length(); axis++) {
        int other = terms[1].indexOf(terms[0].charAt(axis));
        if (other >= 0 && result.indexOf(terms[0].charAt(axis)) < 0) {
          flow.contract(0, axis, 1, other);
        }
      }
    }
  }

  private static boolean hasRepeats(String equation) {
    for (String term : equation.split(",|->")) {
      if (term.chars().distinct().count() != term.length()) {
        return true;
      }
    }
    return false;
  }

  private static @Nullable Labels labels(String equation, List<@Nullable Shape> shapes) {
    String compact = equation.replace(" ", "");
    int arrow = compact.indexOf("->");
    String[] terms = (arrow < 0 ? compact : compact.substring(0, arrow)).split(",", -1);
    Map<Character, Dim> lengths = new LinkedHashMap<>();
    TreeMap<Character, Integer> counts = new TreeMap<>();
    Shape ellipsis = Shape.SCALAR;
    for (int t = 0; t < terms.length; t++) {
      Shape shape = t < shapes.size() ? shapes.get(t) : null;
      if (shape == null) {
        return null;
      }
      String term = terms[t];
      int dots = term.indexOf(ELLIPSIS);
      int spread = dots < 0 ? 0 : shape.rank() - (term.length() - ELLIPSIS.length());
      int axis = 0;
      for (int i = 0; i < term.length(); i++) {
        if (i == dots) {
          Shape here = new Shape(shape.dims().subList(axis, axis + spread));
          ellipsis = here.rank() >= ellipsis.rank() ? here : ellipsis;
          axis += spread;
          i += ELLIPSIS.length() - 1;
        } else {
          Dim dim = shape.dim(axis++);
          lengths.merge(term.charAt(i), dim, (x, y) -> x.is(1) ? y : x);
          counts.merge(term.charAt(i), 1, Integer::sum);
        }
      }
    }
    String result;
    if (arrow >= 0) {
      result = compact.substring(arrow + 2);
    } else {
      // Without an arrow: the labels that occur once, in alphabetical order.
      StringBuilder once = new StringBuilder(compact.contains(ELLIPSIS) ? ELLIPSIS : "");
      counts.forEach((label, count) -> {
        if (count == 1) {
          once.append(label);
        }
      });
      result = once.toString();
    }
    return new Labels(lengths, ellipsis, result);
  }
}
