package dev.hasten.compress;

import dev.hasten.graph.Graph;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import dev.hasten.runtime.NdArray;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Moves the difficulty of quantization from the activations, whose outlier channels waste the range
 * of a byte, to the weights, which have a scale per channel:
 *
 * <pre>{@code
 * Y = MatMul(X [..,K], W [K,N])   becomes   Y = MatMul(Mul(X, 1/f), diag(f)·W)
 * f[k] = max|X[k]|^strength / max|W[k]|^(1-strength),  divided by its geometric mean
 * }</pre>
 *
 * Equal in floating point; all MatMuls that read X share the Mul. Xiao et al., SmoothQuant, 2023,
 * with the scaling kept as an operator where the original folds it into what is before: networks
 * with the normalization after the residual have nowhere to fold it.
 *
 * <p>A channel that was asleep in all of the calibration data counts as a fair share of the others:
 * by the formula alone it would be multiplied a thousandfold, and once an input wakes it, it would
 * take the whole range of a byte for itself.
 */
record SmoothQuant(double strength, Targets.Chosen chosen) implements Technique {
  static final TechniqueInfo INFO =
      TechniqueInfo.equivalent(
              "smooth-quant",
              Stage.BALANCE,
              "Balances outlier channels between activations and weights so that both quantize well."
                  + " Needs calibration data; outputs stay equal. Use before an int8 technique.",
              List.of(
                  new Parameter.Real(
                      "strength", "share of the outliers that moves into the weights", 0.75, 0, 1),
                  Targets.Chosen.INCLUDE,
                  Targets.Chosen.EXCLUDE),
              settings -> new SmoothQuant(settings.real("strength"), Targets.Chosen.of(settings)))
          .proposing("outlier channels balanced, which saves most of the quality");

  private static final float SMALLEST = 1e-5f;

  /** The least that a channel is taken to reach, as a share of the median of those awake. */
  private static final float LEAST_AWAKE = 0.25f;

  @Override
  public Applied apply(Model model, Context context) {
    Evidence evidence = new Evidence(INFO.name());
    Model result = model.copy();
    Graph graph = result.graph();
    Map<String, List<Node>> readers = new LinkedHashMap<>();
    for (Node node : Targets.matMuls(graph, List.of("MatMul", "Gemm"), chosen, evidence)) {
      if (isSmoothed(node.input(0))) {
        evidence.refuse(node, "already smoothed");
      } else {
        readers.computeIfAbsent(node.input(0).name(), key -> new ArrayList<>()).add(node);
      }
    }
    if (readers.isEmpty()) {
      Targets.noteQuantized(model, evidence);
      return evidence.of(result);
    }
    Map<String, float[]> largest = new LinkedHashMap<>();
    Calibration.observe(
        result,
        List.copyOf(readers.keySet()),
        context,
        INFO.name(),
        (name, value) -> widen(largest, name, value));
    readers.forEach((name, nodes) -> smooth(graph, nodes, seen(largest, name), evidence));
    graph.removeDead();
    return evidence.of(result);
  }

  private static boolean isSmoothed(Value value) {
    Node producer = value.producer();
    return producer != null && producer.is("Mul") && value.name().endsWith("_smooth");
  }

  private static float[] seen(Map<String, float[]> largest, String name) {
    float[] channels = largest.get(name);
    if (channels == null) {
      throw new IllegalStateException("'" + name + "' was not observed");
    }
    return channels;
  }

  private static void widen(Map<String, float[]> largest, String name, NdArray value) {
    int width = (int) value.dimension(value.rank() - 1);
    float[] channels = largest.computeIfAbsent(name, key -> new float[width]);
    float[] elements = value.toFloats();
    for (int i = 0; i < elements.length; i++) {
      channels[i % width] = Math.max(channels[i % width], Math.abs(elements[i]));
    }
  }

  private void smooth(Graph graph, List<Node> readers, float[] largest, Evidence evidence) {
    for (float channel : largest) {
      if (!Float.isFinite(channel)) {
        readers.forEach(node -> evidence.refuse(node, "activations reach " + channel));
        return;
      }
    }
    float[] factors = factors(readers, largest);
    float[] inverse = new float[factors.length];
    for (int k = 0; k < factors.length; k++) {
      inverse[k] = 1 / factors[k];
    }
    Value input = readers.getFirst().input(0);
    Value scale =
        graph.addInitializer(input.name() + "_balance", Tensor.floats(inverse, inverse.length));
    Value smooth = graph.op(input.name() + "_smooth", "Mul", List.of(input, scale), Map.of());
    for (Node node : readers) {
      Value weight = node.input(1);
      graph.setInput(node, 1, graph.addInitializer(weight.name() + "_b", scaled(weight, factors)));
      graph.setInput(node, 0, smooth);
      evidence.changed(
          node.name(), "balanced %d channels of %s".formatted(factors.length, input.name()));
    }
  }

  private float[] factors(List<Node> readers, float[] largest) {
    float[] weights = new float[largest.length];
    for (Node node : readers) {
      float[] matrix = Targets.constant(node.input(1)).toFloats();
      int columns = matrix.length / weights.length;
      for (int i = 0; i < matrix.length; i++) {
        weights[i / columns] = Math.max(weights[i / columns], Math.abs(matrix[i]));
      }
    }
    double[] logs = new double[largest.length];
    double mean = 0;
    float least = Math.max(SMALLEST, LEAST_AWAKE * medianAwake(largest));
    for (int k = 0; k < logs.length; k++) {
      logs[k] =
          strength * Math.log(Math.max(largest[k], least))
              - (1 - strength) * Math.log(Math.max(weights[k], SMALLEST));
      mean += logs[k] / logs.length;
    }
    float[] factors = new float[logs.length];
    for (int k = 0; k < factors.length; k++) {
      factors[k] = (float) Math.exp(logs[k] - mean);
    }
    return factors;
  }

  /** The median of the channels that are not 0 throughout; 0 if none is. */
  private static float medianAwake(float[] largest) {
    float[] sorted = largest.clone();
    Arrays.sort(sorted);
    int asleep = 0;
    while (asleep < sorted.length && sorted[asleep] < SMALLEST) {
      asleep++;
    }
    return asleep == sorted.length ? 0 : sorted[asleep + (sorted.length - asleep) / 2];
  }

  private static Tensor scaled(Value weight, float[] factors) {
    Tensor matrix = Targets.constant(weight);
    float[] elements = matrix.toFloats();
    int columns = elements.length / factors.length;
    for (int i = 0; i < elements.length; i++) {
      elements[i] *= factors[i / columns];
    }
    return Tensor.floats(elements, factors.length, columns);
  }
}
