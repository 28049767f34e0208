package dev.hasten.study;

import dev.hasten.graph.Graph;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** What the errors of the layers suggest to try. */
final class LayerAdvice {
  /** Beyond this crest one byte scale gives most numbers a few steps only. */
  private static final double SPREAD = 20;

  /** A few layers at fault are excluded; if it takes more than this share, they all are. */
  private static final double FEW = 0.25;

  /** The share of the noise that exclusion should take away. */
  private static final double HALF = 0.5;

  /** Beyond it nobody's answers suffer. */
  private static final double HARMLESS = 45;

  private LayerAdvice() {}

  static List<LayerErrors.Suggestion> of(List<LayerErrors.Layer> layers, Graph graph) {
    List<LayerErrors.Suggestion> suggestions = new ArrayList<>();
    List<LayerErrors.Layer> quantized =
        layers.stream()
            .filter(l -> l.fewBits() && l.added() > 0)
            .sorted(Comparator.comparingDouble(LayerErrors.Layer::added).reversed())
            .toList();
    double end =
        layers.isEmpty()
            ? SignalNoise.EQUAL
            : layers.stream()
                .filter(l -> graph.value(l.value()).isOutput())
                .mapToDouble(LayerErrors.Layer::decibels)
                .min()
                .orElse(layers.getLast().decibels());
    if (end >= HARMLESS || quantized.isEmpty()) {
      return List.of(
          new LayerErrors.Suggestion(
              "leave it as it is",
              quantized.isEmpty()
                  ? "no quantized layer adds noise"
                  : text("the answers keep %.0f dB", end),
              ""));
    }
    double all = quantized.stream().mapToDouble(LayerErrors.Layer::added).sum();
    List<LayerErrors.Layer> top = new ArrayList<>();
    double sum = 0;
    for (LayerErrors.Layer layer : quantized) {
      if (sum >= HALF * all) {
        break;
      }
      top.add(layer);
      sum += layer.added();
    }
    boolean few = top.size() <= Math.max(1, FEW * quantized.size());
    String share =
        text(
            "%d of %d quantized layers add %.0f %% of the noise",
            top.size(), quantized.size(), 100 * sum / all);
    if (few) {
      List<String> nodes = top.stream().map(LayerErrors.Layer::node).distinct().toList();
      suggestions.add(
          new LayerErrors.Suggestion(
              "keep " + count(nodes.size()) + " in floating point: exclude them",
              share,
              list(nodes)));
    }
    List<LayerErrors.Layer> spread = top.stream().filter(l -> l.crest() > SPREAD).toList();
    if (!spread.isEmpty()) {
      LayerErrors.Layer worst =
          spread.stream().max(Comparator.comparingDouble(LayerErrors.Layer::crest)).orElseThrow();
      suggestions.add(
          new LayerErrors.Suggestion(
              "put smooth-quant before the quantization",
              text(
                  "inputs of %s reach %.0f times their root mean square: a few channels take the range",
                  worst.node(), worst.crest()),
              "- smooth-quant"));
    }
    if (!few) {
      suggestions.add(
          new LayerErrors.Suggestion(
              "quantize all layers more finely (a scale per channel, clip: mse, static ranges by"
                  + " percentile, or dynamic ones), rather than exclude some",
              "the noise comes from everywhere: " + share,
              ""));
    }
    return List.copyOf(suggestions);
  }

  private static String count(int nodes) {
    return nodes == 1 ? "one node" : nodes + " nodes";
  }

  private static String list(List<String> nodes) {
    return "exclude: [" + String.join(", ", nodes.stream().map(n -> '"' + n + '"').toList()) + "]";
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
