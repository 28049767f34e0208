package dev.hasten.compress;

import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.stream.IntStream;

/**
 * Rounds each weight up or down, whichever keeps the layer's output closest on calibration data,
 * where rounding to the nearest keeps only the weight itself close:
 *
 * <pre>{@code
 * minimize  Σ_rows (w̃ − w)ᵀ H (w̃ − w),   w̃ = s·(⌊w/s⌋ or ⌈w/s⌉),   H = E[x·xᵀ]
 * }</pre>
 *
 * Nagel et al., Up or Down? Adaptive Rounding for Post-Training Quantization, 2020: the objective
 * is that of its equation (20), the layer's own squared error. The paper relaxes the choice and
 * descends along gradients; here one weight after the other changes sides while that lowers the
 * objective, which starts at the rounding found and never rises. It works on what any int8
 * technique has made: scales, zero points and the largest magnitude stay.
 *
 * @param positions of each example that a convolution's H is made of
 */
record AdaRound(int positions, Targets.Chosen chosen) implements Technique {
  static final TechniqueInfo INFO =
      TechniqueInfo.lossy(
          "adaround",
          Stage.REPAIR,
          "Rounds each weight up or down, whichever keeps its layer's output closest. Use in a recipe"
              + " with an int8 technique; needs calibration data.",
          List.of(
              new Parameter.Whole(
                  "positions",
                  "places looked at of each example in a convolution",
                  64L,
                  1,
                  1 << 20),
              Targets.Chosen.INCLUDE,
              Targets.Chosen.EXCLUDE),
          settings -> new AdaRound(settings.whole("positions"), Targets.Chosen.of(settings)));

  /** Numbers of all H held at once: 256 MB. */
  private static final long ROOM = 1L << 25;

  /** The longest row whose H fits. */
  private static final int LONGEST = 8192;

  private static final int SWEEPS = 100;

  /** On H's diagonal, of its mean: what was seen is only a sample (as in GPTQ). */
  private static final double DAMPING = 0.01;

  /** A gain less than this, of a flip's own cost, is rounding. */
  private static final double WORTH = 1e-6;

  @Override
  public Applied apply(Model model, Context context) {
    Evidence evidence = new Evidence(INFO.name());
    Model reference = Counterpart.reference(context, INFO.name());
    Model result = model.copy();
    List<Moments> part = new ArrayList<>();
    long held = 0;
    for (Counterpart layer : Counterpart.all(reference, result, chosen, evidence)) {
      Patches patches = Patches.of(layer.original());
      if (layer.layer().shared()) {
        evidence.refuse(layer.original(), "its weight is shared");
      } else if (patches.size() > LONGEST) {
        evidence.refuse(
            layer.original(),
            "its rows have %d weights (expected: <= %d)".formatted(patches.size(), LONGEST));
      } else {
        long room = (long) patches.groups() * patches.size() * patches.size();
        if (held + room > ROOM && !part.isEmpty()) {
          round(part, reference, context, evidence);
          part.clear();
          held = 0;
        }
        part.add(new Moments(layer, patches));
        held += room;
      }
    }
    if (!part.isEmpty()) {
      round(part, reference, context, evidence);
    }
    return evidence.of(result);
  }

  private void round(List<Moments> part, Model reference, Context context, Evidence evidence) {
    Map<String, List<Moments>> readers = new LinkedHashMap<>();
    for (Moments moments : part) {
      String input = moments.layer.original().input(0).name();
      readers.computeIfAbsent(input, key -> new ArrayList<>()).add(moments);
    }
    Calibration.observe(
        reference,
        List.copyOf(readers.keySet()),
        context,
        INFO.name(),
        (name, batch) ->
            Objects.requireNonNull(readers.get(name)).forEach(m -> m.add(batch, positions)));
    part.forEach(moments -> round(moments, evidence));
  }

  /** H of each group of a layer, summed up. */
  private static final class Moments {
    private final Counterpart layer;
    private final Patches patches;
    private final double[][] sums;

    Moments(Counterpart layer, Patches patches) {
      this.layer = layer;
      this.patches = patches;
      this.sums = new double[patches.groups()][patches.size() * patches.size()];
    }

    void add(dev.hasten.runtime.NdArray input, int most) {
      int size = patches.size();
      patches.forEach(
          input,
          most,
          (group, patch) -> {
            double[] sum = sums[group];
            for (int i = 0; i < size; i++) {
              double x = patch[i];
              for (int j = i; x != 0 && j < size; j++) {
                sum[i * size + j] += x * patch[j];
              }
            }
          });
    }

    /** Both halves, damped; empty if not finite. */
    double[] matrix(int group) {
      int size = patches.size();
      double[] h = sums[group];
      double trace = 0;
      for (int i = 0; i < size; i++) {
        trace += h[i * size + i];
        for (int j = 0; j < i; j++) {
          h[i * size + j] = h[j * size + i];
        }
      }
      for (int i = 0; i < size; i++) {
        h[i * size + i] += DAMPING * trace / size;
      }
      return Double.isFinite(trace) ? h : new double[0];
    }
  }

  private static void round(Moments moments, Evidence evidence) {
    Counterpart layer = moments.layer;
    Node original = layer.original();
    QuantizedLayer quantized = layer.layer();
    double[][] weights = layer.weights();
    int[][] codes = quantized.values();
    int rows = codes.length;
    int groups = moments.patches.groups();
    Bounds bounds = Bounds.of(codes, partners(quantized, Targets.constant(original.input(1))));
    DoubleAdder before = new DoubleAdder();
    DoubleAdder after = new DoubleAdder();
    AtomicInteger flips = new AtomicInteger();
    for (int group = 0; group < groups; group++) {
      double[] h = moments.matrix(group);
      if (h.length == 0) {
        evidence.refuse(original, "activations are not finite on calibration data");
        return;
      }
      int from = group * (rows / groups);
      IntStream.range(from, from + rows / groups)
          .parallel()
          .forEach(r -> {
            double scale = quantized.scale(r);
            Row row = new Row(weights[r], scale, codes[r], h);
            before.add(scale * scale * row.error());
            flips.addAndGet(row.descend(bounds));
            after.add(scale * scale * row.error());
          });
    }
    if (flips.get() > 0) {
      quantized.store(codes);
      evidence.changed(
          original.name(),
          "%d of %d weights rounded the other way: squared error of the output %.0f %% less"
              .formatted(
                  flips.get(),
                  rows * codes[0].length,
                  100 * (1 - after.sum() / Math.max(before.sum(), Double.MIN_NORMAL))));
    }
  }

  /** Which element meets which in one sum of two products, by position in a row; -1: none. */
  private static int[] partners(QuantizedLayer layer, Tensor original) {
    int window = layer.pairStride(original);
    int size = Math.toIntExact(original.size() / layer.rows());
    int channels = size / window;
    int[] partners = new int[size];
    for (int j = 0; j < size; j++) {
      int k = (j % window * channels + j / window) ^ 1;
      partners[j] = k < size ? k % channels * window + k / channels : -1;
    }
    return partners;
  }

  /**
   * What the quantizer has kept to: the largest magnitude, and whether two weights that meet in one
   * 16-bit sum never saturate it, see {@link WeightRange#PAIRED}.
   */
  private record Bounds(int largest, int pair, int[] partners) {
    static Bounds of(int[][] codes, int[] partners) {
      int largest = 0;
      boolean paired = true;
      for (int[] row : codes) {
        for (int j = 0; j < row.length; j++) {
          largest = Math.max(largest, Math.abs(row[j]));
          paired &= partners[j] < 0 || meets(row[j], row[partners[j]]) <= WeightRange.PAIR_SUM;
        }
      }
      return new Bounds(largest, paired ? WeightRange.PAIR_SUM : Integer.MAX_VALUE, partners);
    }

    private static int meets(int a, int b) {
      return a < 0 == b < 0 ? Math.abs(a + b) : Math.max(Math.abs(a), Math.abs(b));
    }

    boolean allow(int[] row, int element, int value) {
      int partner = partners[element];
      return Math.abs(value) <= largest && (partner < 0 || meets(value, row[partner]) <= pair);
    }
  }

  /** One output channel, in steps of its scale. */
  private static final class Row {
    private final double[] steps;
    private final int[] codes;
    private final double[] h;
    private final double[] slope;

    Row(double[] weights, double scale, int[] codes, double[] h) {
      int size = codes.length;
      this.steps = Arrays.stream(weights).map(w -> w / scale).toArray();
      this.codes = codes;
      this.h = h;
      this.slope = new double[size];
      for (int i = 0; i < size; i++) {
        move(i, codes[i] - steps[i]);
      }
    }

    private void move(int element, double by) {
      int row = element * slope.length;
      for (int j = 0; j < slope.length; j++) {
        slope[j] += by * h[row + j];
      }
    }

    double error() {
      double error = 0;
      for (int i = 0; i < slope.length; i++) {
        error += (codes[i] - steps[i]) * slope[i];
      }
      return error;
    }

    /** Changes sides until nothing is gained any more; how many differ from the beginning. */
    int descend(Bounds bounds) {
      int[] start = codes.clone();
      boolean moved = true;
      for (int sweep = 0; moved && sweep < SWEEPS; sweep++) {
        moved = false;
        for (int i = 0; i < codes.length; i++) {
          int down = (int) Math.floor(steps[i]);
          int other = codes[i] == down ? down + 1 : codes[i] == down + 1 ? down : codes[i];
          double by = other - codes[i];
          double cost = by * by * h[i * codes.length + i];
          if (by != 0
              && 2 * by * slope[i] + cost < -WORTH * cost
              && bounds.allow(codes, i, other)) {
            codes[i] = other;
            move(i, by);
            moved = true;
          }
        }
      }
      return (int) IntStream.range(0, start.length).filter(i -> start[i] != codes[i]).count();
    }
  }
}
