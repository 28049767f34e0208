package dev.hasten.compress;

import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Value;
import dev.hasten.runtime.NdArray;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * Takes the shift that quantization gave the mean of each layer's output out of its bias:
 *
 * <pre>{@code
 * b̃[c]  ←  b̃[c] − (E[W̃·x̃ + b̃][c] − E[W·x + b][c])
 * }</pre>
 *
 * E over the calibration data, x̃ what the quantized model feeds the layer. Layers are corrected
 * one after the other, as each changes what those behind it see: one pass over the data for each
 * level of the graph. A layer being linear, the mean of its output follows from the mean of its
 * input, whatever form the integers have. Nagel et al., Data-Free Quantization Through Weight
 * Equalization and Bias Correction, 2019, section 4.2 and appendix D; Finkelstein et al., Fighting
 * Quantization Bias With Bias, 2019.
 */
record BiasCorrection(Targets.Chosen chosen) implements Technique {
  static final TechniqueInfo INFO =
      TechniqueInfo.lossy(
          "bias-correction",
          Stage.REPAIR,
          "Takes the shift that quantization gave the mean of each layer's output out of its bias."
              + " Use in a recipe with an int8 technique; needs calibration data.",
          List.of(Targets.Chosen.INCLUDE, Targets.Chosen.EXCLUDE),
          settings -> new BiasCorrection(Targets.Chosen.of(settings)));

  /** Shifts this small against the layer's largest mean are rounding. */
  private static final double NEGLIGIBLE = 1e-4;

  @Override
  public Applied apply(Model model, Context context) {
    Evidence evidence = new Evidence(INFO.name());
    Model reference = Counterpart.reference(context, INFO.name());
    Model result = model.copy();
    List<Counterpart> layers = new ArrayList<>();
    for (Counterpart layer : Counterpart.all(reference, result, chosen, evidence)) {
      if (layer.layer().bias() == null) {
        evidence.refuse(layer.original(), "it has no bias to correct, nor has an Add behind it");
      } else {
        layers.add(layer);
      }
    }
    if (layers.isEmpty()) {
      return evidence.of(result);
    }
    Map<Counterpart, Mean> wanted = new LinkedHashMap<>();
    layers.forEach(layer -> wanted.put(layer, new Mean(layer)));
    observe(reference, wanted, false, context);
    for (List<Counterpart> level : levels(result, layers).values()) {
      Map<Counterpart, Mean> found = new LinkedHashMap<>();
      level.forEach(layer -> found.put(layer, new Mean(layer)));
      observe(cut(result, level), found, true, context);
      found.forEach((layer, mean) ->
          correct(layer, Objects.requireNonNull(wanted.get(layer)), mean, evidence));
    }
    return evidence.of(result);
  }

  /** The mean patch of a layer's input. */
  private static final class Mean {
    private final Patches patches;
    private final double[][] sums;
    private final long[] counts;

    Mean(Counterpart layer) {
      patches = Patches.of(layer.original());
      sums = new double[patches.groups()][patches.size()];
      counts = new long[patches.groups()];
    }

    void add(NdArray input) {
      patches.forEach(
          input,
          Integer.MAX_VALUE,
          (group, patch) -> {
            double[] sum = sums[group];
            for (int j = 0; j < patch.length; j++) {
              sum[j] += patch[j];
            }
            counts[group]++;
          });
    }

    /** The mean output of one row of a weight with {@code rows} rows. */
    double times(double[] weights, int row, int rows) {
      int group = row / (rows / sums.length);
      double product = 0;
      for (int j = 0; j < weights.length; j++) {
        product += weights[j] * sums[group][j];
      }
      return product / Math.max(1, counts[group]);
    }
  }

  private static void observe(
      Model model, Map<Counterpart, Mean> means, boolean quantized, Context context) {
    Map<String, List<Counterpart>> readers = new LinkedHashMap<>();
    for (Counterpart layer : means.keySet()) {
      Value data = quantized ? layer.layer().data() : layer.original().input(0);
      readers.computeIfAbsent(data.name(), key -> new ArrayList<>()).add(layer);
    }
    Calibration.observe(
        model,
        List.copyOf(readers.keySet()),
        context,
        INFO.name(),
        (name, batch) -> {
          for (Counterpart layer : Objects.requireNonNull(readers.get(name))) {
            Objects.requireNonNull(means.get(layer)).add(quantized ? layer.real(batch) : batch);
          }
        });
  }

  /** Layers that none of the same level depends on, the first level first. */
  private static TreeMap<Integer, List<Counterpart>> levels(Model model, List<Counterpart> layers) {
    Map<Node, Counterpart> byNode = new HashMap<>();
    layers.forEach(layer -> byNode.put(layer.layer().node(), layer));
    Map<Node, Integer> depth = new HashMap<>();
    TreeMap<Integer, List<Counterpart>> levels = new TreeMap<>();
    for (Node node : model.graph().nodes()) {
      int deepest = 0;
      for (Value input : node.inputs()) {
        Node producer = input == null ? null : input.producer();
        if (producer != null) {
          deepest = Math.max(deepest, depth.getOrDefault(producer, 0));
        }
      }
      Counterpart layer = byNode.get(node);
      depth.put(node, layer == null ? deepest : deepest + 1);
      if (layer != null) {
        levels.computeIfAbsent(deepest, key -> new ArrayList<>()).add(layer);
      }
    }
    return levels;
  }

  /** The model up to what these layers read. */
  private static Model cut(Model model, List<Counterpart> level) {
    Model part = model.copy();
    List.copyOf(part.graph().outputs()).forEach(part.graph()::removeOutput);
    for (Counterpart layer : level) {
      Value data = part.graph().value(layer.layer().data().name());
      if (!data.isOutput()) {
        part.graph().addOutput(data);
      }
    }
    part.graph().removeDead();
    return part;
  }

  private static void correct(Counterpart layer, Mean wanted, Mean found, Evidence evidence) {
    QuantizedLayer quantized = layer.layer();
    int rows = quantized.rows();
    double[][] weights = layer.weights();
    int[][] codes = quantized.values();
    double[] bias = layer.bias();
    double[] now = Objects.requireNonNull(quantized.bias());
    double[] less = new double[rows];
    double worst = 0;
    double largest = 0;
    for (int r = 0; r < rows; r++) {
      double[] real = new double[codes[r].length];
      for (int j = 0; j < real.length; j++) {
        real[j] = (double) quantized.scale(r) * codes[r][j];
      }
      double target = wanted.times(weights[r], r, rows) + bias[r];
      double shift = found.times(real, r, rows) + now[r] - target;
      less[r] = -shift;
      worst = Math.max(worst, Math.abs(shift));
      largest = Math.max(largest, Math.abs(target));
    }
    if (!Double.isFinite(worst)) {
      evidence.refuse(layer.original(), "activations reach " + worst + " on calibration data");
    } else if (worst > NEGLIGIBLE * largest) {
      quantized.addToBias(less);
      evidence.changed(
          layer.original().name(),
          "means of %d channels were off by up to %.3g, the largest being %.3g"
              .formatted(rows, worst, largest));
    }
  }
}
